"""Fields that tell a browser to be careful."""
