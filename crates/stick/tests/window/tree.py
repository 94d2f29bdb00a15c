"""Prints what a screen reader finds on the accessibility bus: a JSON object for each node of one program."""

import json
import sys

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi


def walk(node, depth):
    states = node.get_state_set()
    print(json.dumps({
        "role": node.get_role_name(),
        "name": node.get_name(),
        "depth": depth,
        "focused": states.contains(Atspi.StateType.FOCUSED),
        "actions": node.get_n_actions() if node.get_action_iface() else 0,
    }))
    for at in range(node.get_child_count()):
        child = node.get_child_at_index(at)
        if child:
            walk(child, depth + 1)


desktop = Atspi.get_desktop(0)
for at in range(desktop.get_child_count()):
    program = desktop.get_child_at_index(at)
    if program and program.get_process_id() == int(sys.argv[1]):
        walk(program, 0)
