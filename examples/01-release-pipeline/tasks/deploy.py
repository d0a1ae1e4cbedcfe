"""Deploy an image; here, take a second."""

import time

import contract

given = contract.begin()
contract.say(f"rolling out {given['image']} on schema {given['schema']}")
time.sleep(1)
contract.put_out(url="https://shop.example.com", replicas=3)
