"""Rules about credentials, secrets, and those who answer for them."""
