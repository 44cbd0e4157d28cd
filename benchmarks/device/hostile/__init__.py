"""Hostile input, devices, cameras, brokers and browsers: nothing may crash, hang, or take what must be refused."""
