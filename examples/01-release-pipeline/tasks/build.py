"""Build an image; here, take a second and make up its digest."""

import hashlib
import time

import contract

given = contract.begin()
name = f"{given['registry']}/{given['service']}:{given['version']}"
contract.say(f"building {name}")
time.sleep(1.2)
digest = hashlib.sha256(name.encode()).hexdigest()
contract.put_out(image=f"{name}@sha256:{digest[:12]}", megabytes=87)
