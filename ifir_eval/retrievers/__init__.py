"""Who answers: anything that turns a benchmark's views into scored documents."""
