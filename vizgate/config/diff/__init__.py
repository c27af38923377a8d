"""What is different about two configurations, and what that means to a gateway that goes from one to the other."""
