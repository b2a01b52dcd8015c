"""What the gateway's workers say of themselves: how fresh they are, and when each knew of a change. Telemetry."""
