"""The leaderboard: published figures and measured records, told apart, ranked as finely as evidence allows."""
