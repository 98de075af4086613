const WORD = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|\p{N}+(?:[.,]\p{N}+)+|[\p{L}\p{N}]+(?:['’_-][\p{L}\p{N}]+)*/gu;

/** Words as people count them: a Chinese or Japanese character counts as one. */
export function countWords(text: string): number {
  let count = 0;
  WORD.lastIndex = 0;
  while (WORD.exec(text) !== null) count += 1;
  return count;
}
