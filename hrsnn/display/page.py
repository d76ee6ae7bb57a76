"""A page in one file: tables that are sorted by a click, pictures within, and nothing that is loaded from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape

#: Colours follow the reader's light or dark scheme; pictures stay on white.
_STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2.5rem}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
div.wide{overflow-x:auto;margin:1rem 0}
th,td{text-align:left;padding:.2rem .8rem .2rem 0;border-bottom:1px solid #8884;vertical-align:top}
th button{font:inherit;font-weight:600;background:none;border:0;padding:0;color:inherit;cursor:pointer;text-align:left}
th[aria-sort=ascending] button::after{content:" \\2191"}
th[aria-sort=descending] button::after{content:" \\2193"}
caption{text-align:left;font-weight:600;padding:.3rem 0}
figure{display:inline-block;margin:0 1rem 1rem 0;padding:.5rem;background:#fff;color:#000;vertical-align:top}
figure svg,figure img{max-width:100%;height:auto}
pre{overflow-x:auto;padding:.5rem;border:1px solid #8884}
""".strip()
#: A click on a head sorts its table by that column, numbers by value, empty cells last; another click reverses it.
_SCRIPT = """
for(const table of document.querySelectorAll("table.sortable")){
 const heads=[...table.tHead.rows[0].cells],body=table.tBodies[0];
 heads.forEach((head,k)=>head.firstChild.addEventListener("click",()=>{
  const sign=head.getAttribute("aria-sort")==="ascending"?-1:1;
  const key=row=>row.cells[k].textContent.trim();
  const number=text=>text===""?NaN:Number(text.replace("\\u2212","-"));
  const rows=[...body.rows];
  const numeric=rows.every(row=>key(row)===""||!Number.isNaN(number(key(row))));
  rows.sort((a,b)=>{
   const x=key(a),y=key(b);
   if(x===""||y==="")return (x==="")-(y==="");
   return sign*(numeric?number(x)-number(y):x.localeCompare(y,"en",{numeric:true}));
  });
  heads.forEach(other=>other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort",sign===1?"ascending":"descending");
  body.append(...rows);
 }));
}
""".strip()


def sortable(heads: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """Return a table as HTML whose heads are buttons that sort it; all texts are escaped.

    Parameters
    ----------
    heads : sequence of str
    rows : iterable of sequence of str
        As many cells as there are heads.
    caption : str

    Examples
    --------
    >>> sortable(["score", "value"], [("<rank>", "12")]).count("<button")
    2
    """
    head = "".join(f'<th scope="col"><button type="button">{escape(name)}</button></th>' for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    table = f'<table class="sortable">{above}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="wide">{table}</div>'


def image(data: bytes, kind: str, text: str) -> str:
    """Return a picture as HTML that contains its data.

    Parameters
    ----------
    data : bytes
    kind : str
        Its type, such as ``image/png``.
    text : str
        What it shows, for those who do not see it.

    Examples
    --------
    >>> image(b"abc", "image/png", "rates")
    '<img alt="rates" src="data:image/png;base64,YWJj">'
    """
    return f'<img alt="{escape(text, quote=True)}" src="data:{kind};base64,{base64.b64encode(data).decode()}">'


def page(title: str, parts: Iterable[str]) -> str:
    """Return a whole page as HTML.

    Its content security policy lets no script run but that of the tables, and nothing be loaded: what stands in the parts,
    such as a picture of unknown origin, can do neither.

    Parameters
    ----------
    title : str
    parts : iterable of str
        HTML.

    Examples
    --------
    >>> text = page("memory", ["<p>1</p>"])
    >>> text.startswith("<!DOCTYPE html>"), "http" in text.replace("http-equiv", "")
    (True, False)
    """
    allowed = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{allowed}'"
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
            f"<h1>{escape(title)}</h1>",
            *parts,
            f"<script>{_SCRIPT}</script></body></html>",
            "",
        ]
    )
