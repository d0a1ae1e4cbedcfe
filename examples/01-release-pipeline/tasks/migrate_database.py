"""Migrate a database in six steps of a second each; half a migration, or two, would be a mess."""

import time

import contract

_STEPS = (
    "take a snapshot",
    "add column orders.currency",
    "copy 1,204,331 rows",
    "build index orders_by_currency",
    "switch readers over",
    "drop column orders.currency_code",
)

given = contract.begin()
if given.get("undo"):
    contract.say("restoring the snapshot")
    contract.put_out(schema="restored")
else:
    for number, step in enumerate(_STEPS, start=1):
        contract.say(f"{number}/{len(_STEPS)} {step}")
        time.sleep(1)
    contract.put_out(schema=f"v{given['version']}", rows=1_204_331)
