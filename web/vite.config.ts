import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const vendor = (names: string): RegExp => new RegExp(`[\\\\/]node_modules[\\\\/](?:${names})[\\\\/]`);

/** Every browser this page runs in reads woff2; KaTeX's two older formats would be half of what we ship. */
const onlyModernFonts: Plugin = {
  name: 'only-modern-fonts',
  enforce: 'pre',
  transform: (code, id) =>
    /katex[^/]*\.css$/.test(id) ? code.replace(/,url\([^)]*\.(?:woff|ttf)\) format\("[a-z]+"\)/g, '') : undefined,
};

// The groups are the ones scripts/budgets.mjs weighs: what the first paint needs, and three kinds of
// library that only an open document needs. '$initial' comes first, so that a module the shell uses
// too cannot pull a whole library into it.
const groups = [
  { name: 'shell', tags: ['$initial' as const], priority: 40 },
  { name: 'yjs', test: vendor('yjs|lib0|y-protocols|y-codemirror\\.next'), priority: 30, includeDependenciesRecursively: false },
  {
    name: 'codemirror',
    test: vendor('@codemirror|@lezer|@marijn|style-mod|w3c-keyname|crelt'),
    priority: 20,
    includeDependenciesRecursively: false,
  },
  // Loaded when a document first shows code, and so not with the rest of the preview.
  { name: 'preview-code', test: vendor('highlight\\.js'), priority: 15, includeDependenciesRecursively: false },
  {
    name: 'preview',
    test: vendor('markdown-it|mdurl|uc\\.micro|linkify-it|punycode\\.js|entities|argparse|dompurify'),
    priority: 10,
    includeDependenciesRecursively: false,
  },
];

export default defineConfig({
  plugins: [onlyModernFonts, react()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': { target: process.env['MDREADER_API'] ?? 'http://127.0.0.1:8000', ws: true } },
  },
  build: {
    target: 'es2022',
    manifest: true,
    // The server's CSP allows data: images, but a font or icon belongs in a cached file.
    assetsInlineLimit: 0,
    // What loads on demand has no budget of its own: scripts/budgets.mjs weighs the rest.
    chunkSizeWarningLimit: 2000,
    rolldownOptions: { output: { strictExecutionOrder: true, codeSplitting: { groups } }, preserveEntrySignatures: false },
  },
});
