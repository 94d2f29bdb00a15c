// @vitest-environment node
import { expect, test } from 'vitest';
import { random } from '../bytes.ts';
import { ContainerFault } from '../fault.ts';
import { Recent } from './recent.ts';
import { packShard, Shard, shardOf } from './shard.ts';

const postings = [
  { word: 'str', documents: [0] },
  { word: 'strasse', documents: [1, 2, 127, 128, 129, 300_000, 4_294_967_295] },
  { word: 'strom', documents: [7] },
];

test('words and documents come back', () => {
  const shard = new Shard(packShard(postings));
  expect(shard.words).toEqual(['str', 'strasse', 'strom']);
  expect(postings.map((_, index) => shard.documents(index))).toEqual(
    postings.map(({ documents }) => documents),
  );
});

test('a word is told as it is, a beginning with all that go on from it', () => {
  const shard = new Shard(packShard(postings));
  const told = (word: string, beginning: boolean) => {
    const documents: number[] = [];
    shard.tell(word, beginning, (document) => documents.push(document));
    return documents;
  };
  expect(told('str', false)).toEqual([0]);
  expect(told('str', true)).toHaveLength(9);
  expect(told('stro', true)).toEqual([7]);
  expect(told('stro', false)).toEqual([]);
  expect(told('straz', true)).toEqual([]);
});

test('bytes that are no shard are damaged, and never endless', () => {
  for (let round = 0; round < 2_000; round += 1) {
    try {
      const shard = new Shard(random(1 + (round % 60)));
      for (const index of shard.words.keys()) shard.documents(index);
    } catch (error) {
      expect(error).toEqual(new ContainerFault('damaged'));
    }
  }
  const packed = packShard(postings);
  for (let length = 0; length < packed.length; length += 1) {
    expect(() => {
      const shard = new Shard(packed.slice(0, length));
      for (const index of shard.words.keys()) shard.documents(index);
    }).toThrow(ContainerFault);
  }
});

test('a shard is named by whole letters', () => {
  expect(shardOf('strasse')).toBe('str');
  expect(shardOf('ab')).toBe('ab');
  expect(shardOf('\u{20000}\u{20001}\u{20002}\u{20003}')).toBe('\u{20000}\u{20001}\u{20002}');
});

test('what was used last stays, within the limit', () => {
  const recent = new Recent<{ memoryBytes: number }>(100);
  recent.keep('a', { memoryBytes: 40 });
  recent.keep('b', { memoryBytes: 40 });
  recent.get('a');
  recent.keep('c', { memoryBytes: 40 });
  expect([recent.get('a'), recent.get('b'), recent.get('c')].map(Boolean)).toEqual([
    true,
    false,
    true,
  ]);
  expect(recent.bytes).toBe(80);
  recent.keep('huge', { memoryBytes: 1_000 });
  expect(recent.bytes).toBe(0);
  recent.keep('a', { memoryBytes: 10 });
  recent.keep('a', { memoryBytes: 20 });
  expect(recent.bytes).toBe(20);
  recent.clear();
  expect(recent.bytes).toBe(0);
});
