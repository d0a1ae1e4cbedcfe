"""From a tree and a scope to what a template comes to.

Source: Go, package text/template.
"""
