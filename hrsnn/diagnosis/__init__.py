"""What `hrsnn doctor` looks at: the installation, the machine, and whether engines give the same spikes."""
