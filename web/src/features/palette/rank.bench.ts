import { bench, describe } from 'vitest';
import { rank } from './rank';

// A frame has 16 ms.
describe('the palette ranks 5,000 documents', () => {
  const documents = Array.from({ length: 5_000 }, (_, index) => {
    const title = `meeting notes ${index}`;
    return { path: `area ${index % 40}/project-${index % 211}/${title}.md`, title };
  });
  for (const query of ['m', 'meet', 'proj 12', 'mtgnts', 'area notes 44']) bench(query, () => void rank(documents, query, 50));
});
