"""Who answers: targets, the gateway between, and what it leans on."""
