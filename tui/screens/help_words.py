"""What each panel is for, in a line or two: the first thing that `?` says where one stands."""

from __future__ import annotations

from collections.abc import Mapping

ABOUT: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "images": ("Images", (
        "The images of this store, each as the stack of its layers: one layer has one colour everywhere.",
        "Beside each: what it takes unpacked, what removing it would free, and how many containers have it.",
    )),
    "containers": ("Containers", (
        "Those that run and those that do not; processor and memory with what they were in the last minute.",
        "Marked ones are stopped, started or removed together, after one question.",
    )),
    "layers": ("Layers", (
        "The stack of what is selected, the newest on top; a container's writable layer lies above all.",
        "Enter looks into the layer under the cursor.",
    )),
    "inspector": ("Inspector", (
        "What is known of the image or container that is selected; [ and ] turn the tabs.",
    )),
    "log": ("Logs", (
        "What containers write, as it comes; of several in the order of their times, each with its name.",
        "! before a line says that it came as an error. Going up stands still; G goes on.",
        "Of a filter's words all must be in a line; one after ! must not.",
    )),
    "activity": ("Activity", (
        "What is under way and what happened, each with the command that would have done the same.",
        "Enter shows it in full; a pull can be looked at again while it goes on.",
    )),
    "stack": ("Layers", ("The layers of this image; the tree on the right is as this layer left it.",)),
    "tree": ("Files", (
        "+ added, ~ changed, − removed, · attributes only, by the layer that is selected on the left.",
        "Below the layers: who touched the path under the cursor.",
    )),
    "waste": ("Waste", (
        "What the image carries though no container sees it; Enter shows the layer at fault.",
    )),
    "content": ("File", ("The file as text in colours, or its bytes; / looks for words.",)),
    "pairs": ("Compare", (
        "Layers of both images beside each other, then the files that differ; Enter shows in what.",
    )),
    "networks": ("Networks", ("Networks, and who is on them; containers of one find each other by name.",)),
    "volumes": ("Volumes", ("Data that outlives containers; Enter looks into its files.",)),
    "lessons": ("Lessons", (
        "Each works in a store and with a registry of its own; it needs no network, and nothing of it stays.",
        "Enter starts one, or goes on where you are; the steps before are done again for you.",
    )),
    "reading": ("The step", (
        "What there is to read; each word of the field is marked and explained where it first stands.",
        "Enter on such a word leads to the glossary, anywhere else it does the step for you.",
    )),
    "working": ("Do and see", (
        "What there is to do, and what came of it: pictures, figures that were measured, checks.",
        "Type commands yourself with t, or in another terminal with the line that e copies: it is noticed.",
    )),
    "words": ("Words", ("Every word of the field in one sentence; Enter goes where it is to be seen.",)),
    "entries": ("Files", ("One directory at a time, as it is now. Enter goes in or shows, Esc goes up.",)),
}  # fmt: skip
"""By place: its name, and what one sees there."""
