"""The images of the testbed, made of what is on this machine: no registry is asked."""
