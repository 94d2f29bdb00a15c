import type { Person, WorkChange, WorkConflict } from '../model.ts';
import { type Answers, MethodFault } from './jmap.ts';
import { type Obj, object, text } from './obj.ts';
import { THREADWORK } from './sessions.ts';

/** A thread's work as the server tells it; people by their ids. */
export type ToldWork = {
  id: string;
  assignee: string | null;
  assignedAtMs: number | null;
  note: string;
  noteBy: string | null;
  noteAtMs: number | null;
};

/** A change that the server does not know yet. */
export type WorkOp = {
  seq: number;
  thread: string;
  /** What stood there when it was made. */
  was: string | null;
  /** The server may have carried it out already. */
  isSent: boolean;
  atMs: number;
} & WorkChange;

export function toldWorkOf(told: Obj): ToldWork {
  const moment = (value: unknown) => Date.parse(text(value)) || null;
  return {
    id: text(told.id),
    assignee: text(told.assignee) || null,
    assignedAtMs: moment(told.assignedAt),
    note: text(told.note),
    noteBy: text(told.noteBy) || null,
    noteAtMs: moment(told.noteAt),
  };
}

/** Somebody of the house, and whether a thread of this mailbox can be given to them. */
export type KnownPerson = Person & { isAssignable: boolean };

export function personOf(told: Obj): KnownPerson {
  const { mayBeAssigned } = object(object(told.capabilities)[THREADWORK]);
  const isAssignable = mayBeAssigned === true;
  return { id: text(told.id), name: text(told.name), email: text(told.email), isAssignable };
}

export function plain({ id, name, email }: KnownPerson): Person {
  return { id, name, email };
}

export function standing(told: ToldWork | undefined, what: WorkChange['what']): string | null {
  return what === 'note' ? (told?.note ?? '') : (told?.assignee ?? null);
}

/** What stands there, since when, and by whom. */
export function theirsOf(told: ToldWork | undefined, what: WorkChange['what']) {
  const value = standing(told, what);
  return what === 'note'
    ? { value, atMs: told?.noteAtMs ?? null, by: told?.noteBy ?? null }
    : { value, atMs: told?.assignedAtMs ?? null, by: value };
}

/** What is known of a mailbox's work beside the threads. */
export type WorkMeta = {
  revision: number;
  nextSeq: number;
  /** The state that the server told last; null: nothing was read yet. */
  state: string | null;
  me: string | null;
  people: KnownPerson[];
  /** The state of the session for which it was asked who may be given a thread. */
  assignableOf: string;
  conflicts: WorkConflict[];
};

export const NOTHING_KNOWN: WorkMeta = {
  revision: 0,
  nextSeq: 1,
  state: null,
  me: null,
  people: [],
  assignableOf: '',
  conflicts: [],
};

/** What came of a change: the state it led to, or that others were faster, or that it was refused. */
export function resultOfSet(
  answers: Answers,
  thread: string,
): { state: string } | 'again' | 'refused' {
  try {
    const set = answers.of(0);
    return thread in object(set.notUpdated) ? 'refused' : { state: text(set.newState) };
  } catch (error) {
    if (!(error instanceof MethodFault) || error.type.startsWith('server')) throw error;
    return error.type === 'stateMismatch' ? 'again' : 'refused';
  }
}
