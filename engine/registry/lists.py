"""Lists of a registry, page by page: the tags of a repository, the repositories themselves.

Source: OCI distribution-spec 1.1, "Listing Tags"; distribution, "Listing Repositories" (`_catalog`).
"""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from engine.errors import LimitExceeded, Malformed, NotFound, NotSupported, PermissionDenied
from engine.oci.quote import quoted
from engine.oci.reference import Reference
from engine.oci.strict import read_object
from engine.registry.problems import answer_about
from engine.registry.transport import Answer, Request, Transport

_PAGE_LIMIT = 4 << 20  # bytes of one page
_PAGE = 1000  # names asked for at once
_PAGES = 100
_NAMES = 100_000
_JSON = {"Accept": "application/json"}


async def list_tags(transport: Transport, domain: str, ref: Reference) -> list[str]:
    """The tags of the repository that `ref` is in, in the registry's order.

    :raises LimitExceeded: more pages than anybody reads.
    """
    path = f"/v2/{ref.path}/tags/list?n={_PAGE}"
    request = Request(domain, (f"repository:{ref.path}:pull",), path, ref.repository, _JSON)
    return await _pages(transport, request, "tags")


async def list_repositories(transport: Transport, domain: str) -> list[str]:
    """The repositories that a registry lists.

    :raises NotSupported: it lists none.
    """
    path = f"/v2/_catalog?n={_PAGE}"
    request = Request(domain, ("registry:catalog:*",), path, f"the repositories of {domain}", _JSON)
    try:
        return await _pages(transport, request, "repositories")
    except (NotFound, PermissionDenied) as error:
        raise NotSupported(
            f"{domain} does not list its repositories: {error.message}",
            hint="search for them on its website; lamina tags REPOSITORY lists one repository's tags",
        ) from error


async def _pages(transport: Transport, request: Request, key: str) -> list[str]:
    found: list[str] = []
    page: str | None = request.path
    for _ in range(_PAGES):
        asked = Request(request.domain, request.scopes, page or "", request.what, request.headers)
        answer = await transport.fetch(asked, _PAGE_LIMIT)
        with answer_about(request.what):
            found.extend(read_object(answer.body, f"list of {key}", _PAGE_LIMIT, ("name", key)).texts(key))
            page = _next_page(answer, page or "")
        if page is None:
            return found
        if len(found) > _NAMES:
            break
    raise LimitExceeded(f"{request.what}: more than {len(found)} {key}", hint="nobody can read as many")


def _next_page(answer: Answer, page: str) -> str | None:
    match = re.match(r'<([^>]+)>\s*;[^,]*\brel="?next"?', answer.headers.get("Link", ""))
    if not match:
        return None
    # Some registries write an address of their own, not the one we know them by: the path is enough.
    parts = urlsplit(urljoin(page, match[1]))
    rest = f"{parts.path}?{parts.query}"
    if not parts.path.startswith("/v2/") or not rest.isascii() or not rest.isprintable() or " " in rest:
        raise Malformed(f"the registry's list goes on at no address: {quoted(match[1])}")
    return rest
