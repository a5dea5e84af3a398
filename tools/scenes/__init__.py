"""Programs that are tried as their users would: started, typed at, and looked at while they run."""
