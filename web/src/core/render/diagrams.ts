/**
 * Diagrams by Mermaid, shown as pictures: inside an image no script runs, no link is followed, and no style or id of the
 * drawing reaches the page.
 */
import mermaid from 'mermaid';

export type Drawer = (code: HTMLElement, label: string) => Promise<void>;

const MAX_LENGTH = 20_000;

let count = 0;
const sources = new WeakMap<Element, { readonly source: string; readonly label: string }>();

/** Puts a picture in the place of the code block; a diagram with a mistake stays the text it is. */
export const drawDiagram: Drawer = async (code, label) => {
  const source = code.textContent;
  const block = code.parentElement;
  if (block && source.length <= MAX_LENGTH) await draw(block, source, label);
};

/** A picture does not know the colours of the page: it is drawn anew when they change. */
new MutationObserver(() => {
  for (const figure of document.querySelectorAll('.md-diagram')) {
    const drawn = sources.get(figure);
    if (drawn) void draw(figure, drawn.source, drawn.label);
  }
}).observe(document.documentElement, { attributeFilter: ['data-theme'] });

/** Mermaid reckons with colours, so it wants them as they are, not as names of ours. */
function colors(dark: boolean): Record<string, string | boolean> {
  const style = getComputedStyle(document.documentElement);
  const of = (token: string): string => style.getPropertyValue(`--${token}`).trim();
  return {
    darkMode: dark,
    background: of('bg'),
    primaryColor: of('surface'),
    primaryTextColor: of('text'),
    primaryBorderColor: of('line-strong'),
    secondaryColor: of('accent-soft'),
    tertiaryColor: of('sunken'),
    lineColor: of('text-muted'),
    textColor: of('text'),
    edgeLabelBackground: of('bg'),
    noteBkgColor: of('warn-soft'),
    noteTextColor: of('text'),
    noteBorderColor: of('warn'),
  };
}

async function draw(place: Element, source: string, label: string): Promise<void> {
  const dark = document.documentElement.dataset['theme'] === 'dark';
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: 'strict',
    suppressErrorRendering: true,
    theme: 'base',
    look: 'classic',
    themeVariables: colors(dark),
    fontFamily: 'system-ui, sans-serif',
    htmlLabels: false,
  });
  count += 1;
  const id = `md-diagram-${count}`;
  try {
    const { svg } = await mermaid.render(id, source);
    const figure = picture(svg, label);
    sources.set(figure, { source, label });
    place.replaceWith(figure);
  } catch {
    // What it could not draw it leaves behind in the page.
    document.getElementById(id)?.remove();
    document.getElementById(`d${id}`)?.remove();
  }
}

function picture(svg: string, label: string): HTMLElement {
  const figure = document.createElement('figure');
  figure.className = 'md-diagram';
  const image = document.createElement('img');
  image.alt = label;
  const { width, height } = size(svg);
  if (width > 0 && height > 0) {
    image.width = Math.round(width);
    image.height = Math.round(height);
  }
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  figure.append(image);
  return figure;
}

/** Mermaid makes drawings as wide as their place; as a picture they need a size, and their own is in the view box. */
function size(svg: string): { width: number; height: number } {
  const [, , width = 0, height = 0] = (/viewBox="([^"]+)"/.exec(svg)?.[1] ?? '').split(/[\s,]+/).map(Number);
  return { width, height };
}
