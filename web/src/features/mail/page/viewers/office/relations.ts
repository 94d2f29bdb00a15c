import type { Remarks } from './shown.ts';
import { childOf, elementsOf, treeOf } from './xml.ts';
import type { Zip } from './zip.ts';

/** What a part of an Office file refers to, by the id that it uses. */
export type Relations = Map<string, { type: string; target: string; isOutside: boolean }>;

/** The relations of a part (ECMA-376, part 2). What would be fetched from elsewhere is remarked, and never is. */
export async function relationsOf(zip: Zip, part: string, remarks: Remarks): Promise<Relations> {
  const slash = part.lastIndexOf('/') + 1;
  const [folder, file] = [part.slice(0, slash), part.slice(slash)];
  const source = await zip.text(`${folder}_rels/${file}.rels`);
  const relations: Relations = new Map();
  if (source === undefined) return relations;
  for (const { attributes } of elementsOf(childOf(treeOf(source), 'Relationships'))) {
    const type = (attributes.get('Type') ?? '').split('/').at(-1) ?? '';
    const target = attributes.get('Target') ?? '';
    const isOutside = attributes.get('TargetMode')?.toLowerCase() === 'external';
    // A link is followed by whoever presses it, and by nobody else.
    if (isOutside && type !== 'hyperlink') remarks.add('outside');
    const place = isOutside ? target : resolved(folder, target);
    relations.set(attributes.get('Id') ?? '', { type, target: place, isOutside });
  }
  return relations;
}

/** The main part of the file; Office may name it as it likes. */
export async function mainPart(zip: Zip, usual: string, remarks: Remarks): Promise<string> {
  const relations = await relationsOf(zip, '', remarks);
  const main = [...relations.values()].find(({ type }) => type === 'officeDocument');
  return main && !main.isOutside && zip.has(main.target) ? main.target : usual;
}

function resolved(folder: string, target: string): string {
  if (target.startsWith('/')) return target.slice(1);
  const parts: string[] = [];
  for (const part of `${folder}${target}`.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}
