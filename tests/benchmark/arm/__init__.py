"""Instructions per step on a Pi's processor, without a Pi: exact and repeatable, unlike time."""
