// Runs before the first paint, so that a dark page never flashes light. A file of its own because the
// content security policy forbids inline scripts. The names here are read and written by lib/theme.ts.
(function () {
  var choice = 'system';
  try {
    choice = localStorage.getItem('mdreader.theme') || 'system';
  } catch {
    // Storage is forbidden in some private windows: follow the system.
  }
  var dark = choice === 'dark' || (choice === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  var meta = document.querySelector('meta[name="theme-color"]');
  if (meta) meta.content = dark ? '#191816' : '#fbfaf8';
})();
