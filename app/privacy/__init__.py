"""What people and companies take with them or leave no trace of: export and erasure."""
