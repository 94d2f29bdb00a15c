import { t } from '@lingui/core/macro';
import type { Schema } from '../../../api/client.ts';
import type { FieldErrors } from '../../../ui/form.tsx';

type Fields = Schema<'TargetFields'>;

/** A target as its form holds it: all kinds' settings side by side, so that changing the kind loses nothing. */
export type TargetValues = {
  name: string;
  folder: string;
  icon: string;
  description: string;
  host: string;
  port: string;
  enabled: boolean;
  kind: Schema<'TargetKind'>;
  nla: boolean;
  clipboard: boolean;
  drives: boolean;
  printers: boolean;
  sign_on: boolean;
  domain: string;
  load_balance_info: string;
  start_command: string;
  label: string;
  tls: boolean;
  start_path: string;
};

/** The port that a kind of target usually listens on. */
export function usualPort(kind: Schema<'TargetKind'>, tls: boolean): string {
  switch (kind) {
    case 'rdp':
      return '3389';
    case 'ssh':
      return '22';
    case 'web':
      return tls ? '443' : '80';
    case 'tcp':
      return '';
  }
}

export const EMPTY_TARGET: TargetValues = {
  name: '',
  folder: '',
  icon: '',
  description: '',
  host: '',
  port: usualPort('rdp', true),
  enabled: true,
  kind: 'rdp',
  nla: true,
  clipboard: false,
  drives: false,
  printers: false,
  sign_on: false,
  domain: '',
  load_balance_info: '',
  start_command: '',
  label: '',
  tls: true,
  start_path: '',
};

/** Fills the form from a target. */
export function valuesOf(target: Fields): TargetValues {
  const { settings } = target;
  const common = {
    ...EMPTY_TARGET,
    name: target.name,
    folder: target.folder ?? '',
    icon: target.icon ?? '',
    description: target.description ?? '',
    host: target.host,
    port: String(target.port),
    enabled: target.enabled ?? true,
    kind: settings.kind,
  };
  switch (settings.kind) {
    case 'rdp':
      return {
        ...common,
        nla: settings.nla ?? false,
        clipboard: settings.clipboard ?? false,
        drives: settings.drives ?? false,
        printers: settings.printers ?? false,
        sign_on: settings.sign_on ?? false,
        domain: settings.domain ?? '',
        load_balance_info: settings.load_balance_info ?? '',
      };
    case 'tcp':
      return { ...common, start_command: settings.start_command ?? '' };
    case 'web':
      return {
        ...common,
        label: settings.label,
        tls: settings.tls ?? false,
        start_path: settings.start_path ?? '',
      };
    case 'ssh':
      return common;
  }
}

/** What the API takes, from the filled-in form. */
export function fieldsOf(values: TargetValues): Fields {
  return {
    name: values.name.trim(),
    folder: values.folder.trim(),
    icon: values.icon,
    description: values.description.trim(),
    host: values.host.trim(),
    port: Number(values.port),
    enabled: values.enabled,
    settings: settingsOf(values),
  };
}

function settingsOf(values: TargetValues): Schema<'TargetSettings'> {
  switch (values.kind) {
    case 'rdp':
      return {
        kind: 'rdp',
        nla: values.nla,
        clipboard: values.clipboard,
        drives: values.drives,
        printers: values.printers,
        sign_on: values.sign_on,
        domain: values.domain.trim() || null,
        load_balance_info: values.load_balance_info.trim() || null,
      };
    case 'ssh':
      return { kind: 'ssh' };
    case 'tcp':
      return { kind: 'tcp', start_command: values.start_command.trim() || null };
    case 'web':
      return {
        kind: 'web',
        label: values.label.trim(),
        tls: values.tls,
        start_path: values.start_path.trim() || null,
      };
  }
}

const MAX_PORT = 65_535;
const LABEL_PATTERN = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** What is wrong, by field. */
export function faultsOf(values: TargetValues): FieldErrors<TargetValues> {
  const errors: FieldErrors<TargetValues> = {};
  const port = Number(values.port);
  if (!values.name.trim()) errors.name = t`Geben Sie dem Ziel einen Namen.`;
  if (!values.host.trim()) {
    errors.host = t`Geben Sie den Rechnernamen oder die Adresse ein.`;
  } else if (/[\s/:@]/.test(values.host.trim()) && !/^[0-9a-f:]+$/i.test(values.host.trim())) {
    errors.host = t`Hier steht nur der Rechnername, ohne „https://“, Port oder Pfad.`;
  }
  if (!Number.isInteger(port) || port < 1 || port > MAX_PORT) {
    errors.port = t`Der Port ist eine Zahl zwischen 1 und 65535.`;
  }
  if (values.kind === 'web') {
    if (!LABEL_PATTERN.test(values.label.trim())) {
      errors.label = t`Die Kurzadresse besteht aus Kleinbuchstaben, Ziffern und Bindestrichen.`;
    }
    if (values.start_path.trim() && !values.start_path.trim().startsWith('/')) {
      errors.start_path = t`Der Pfad beginnt mit einem Schrägstrich.`;
    }
  }
  return errors;
}

/** The server's field paths where they differ from the form's names. */
export const TARGET_PATHS: Record<string, string> = Object.fromEntries(
  [
    'nla',
    'clipboard',
    'drives',
    'printers',
    'sign_on',
    'domain',
    'load_balance_info',
    'start_command',
    'label',
    'tls',
    'start_path',
  ].map((name) => [`settings.${name}`, name]),
);
