"""Templates of Go's as `--format` has them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.template import Template
from engine.errors import InvalidArgument

BOX = {
    "Name": "/web",
    "State": {"Status": "running", "Pid": 42, "Paused": False, "Error": ""},
    "Mounts": [{"Source": "/a", "RW": True}, {"Source": "/b", "RW": False}],
    "Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}], "53/udp": []},
    "Labels": {"com.example": "yes", "tier": "front"},
    "Nothing": None,
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("plain", "plain"),
        ("{{.Name}}", "/web"),
        ("{{ .State.Status }}!", "running!"),
        ("{{.State.Pid}} {{.State.Paused}} {{.Nothing}}", "42 false <no value>"),
        ("{{json .State}}", '{"Status":"running","Pid":42,"Paused":false,"Error":""}'),
        ("{{.State | json}}", '{"Status":"running","Pid":42,"Paused":false,"Error":""}'),
        ("{{.Labels}}", "map[com.example:yes tier:front]"),
        ('{{index .Labels "com.example"}}', "yes"),
        ('{{index .Labels "none"}}', ""),
        ("{{.Labels.none}} {{with .Labels.none}}x{{end}}", "<no value> "),
        ("{{.Labels.tier}} {{.Ports.none.HostPort}}", "front <no value>"),
        ("{{range .Mounts}}{{.Source}} {{end}}", "/a /b "),
        ("{{range $i, $m := .Mounts}}{{$i}}={{$m.Source}};{{end}}", "0=/a;1=/b;"),
        ("{{range $name, $value := .Labels}}{{$name}}={{$value}},{{end}}", "com.example=yes,tier=front,"),
        ("{{range .Mounts}}{{if .RW}}{{.Source}}{{end}}{{else}}none{{end}}", "/a"),
        ('{{range index .Ports "53/udp"}}x{{else}}closed{{end}}', "closed"),
        ('{{(index (index .Ports "80/tcp") 0).HostPort}}', "8080"),
        ("{{if .State.Paused}}held{{else if eq .State.Pid 42}}the answer{{else}}runs{{end}}", "the answer"),
        ("{{with .State}}{{.Pid}} of {{$.Name}}{{end}}", "42 of /web"),
        ("{{len .Mounts}}", "2"),
        ('{{join (split "a,b" ",") "-" | upper}}', "A-B"),
        ('{{printf "%s:%d" .Name .State.Pid}}', "/web:42"),
        ("{{if and .Name (not .State.Error) (ne .State.Pid 1)}}yes{{end}}", "yes"),
        ('{{or .State.Error "fine"}}', "fine"),
        ("a {{- /* nothing */ -}} b", "ab"),
        ('{{println .Name "x"}}', "/web x\n"),
    ],
)
def test_a_template_is_filled_in_as_go_does(template: str, text: str) -> None:
    assert Template(template).fill(BOX) == text


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{.Nope}}", "no .Nope"),
        ("{{.Name.More}}", "no .More"),
        ("{{", "not closed"),
        ("{{}}", "empty"),
        ("{{end}}", "closes nothing"),
        ("{{if .Name}}", "not closed by {{end}}"),
        ("{{range .Name}}{{end}}", "wants a list"),
        ("{{nope .}}", "no function 'nope'"),
        ("{{$x}}", "no variable"),
        ("{{len 3}}", "len cannot"),
        ("{{.Name .Name}}", "no function is given"),
        ("{{.Name | }}", "empty"),
        ("{{(.Name}}", "not closed"),
        ("{{.Name )}}", "where nothing may"),
        ("{{template ;}}", "not understood"),
        ("{{if .Name}}" * 60 + "{{end}}" * 60, "too deep"),
    ],
)
def test_what_cannot_be_filled_in_is_refused_in_words(template: str, said: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Template(template).fill(BOX)
    assert said in caught.value.message


def test_what_came_from_outside_does_not_act_on_a_terminal() -> None:
    assert "\x1b" not in Template("{{.Name}}\t{{.Labels}}").fill(
        {"Name": "a\x1b[2J", "Labels": {"\x1b]0;": "\x9b"}}
    )


@given(st.text(alphabet='{}.$|():=," -abijnorstx0%\\`/*', max_size=40))
def test_no_text_is_more_than_refused(text: str) -> None:
    with contextlib.suppress(InvalidArgument):
        Template(text).fill(BOX)
