"""The first thread and the sample conversation: conversion to Markdown, creation, and removal of the sample."""
