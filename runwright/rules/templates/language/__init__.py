"""The language of Go's text/template: from a text to a tree.

Source: Go, package text/template/parse.
"""
