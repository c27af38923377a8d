"""What a cache holds, and how it is found again."""
