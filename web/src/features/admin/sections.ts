import { t } from '@lingui/core/macro';
import type { Schema } from '../../api/client.ts';
import { icons } from '../../ui/icon.tsx';

type Role = Schema<'Role'>;

export type Section = {
  to:
    | '/verwaltung'
    | '/verwaltung/personen'
    | '/verwaltung/gruppen'
    | '/verwaltung/verzeichnis'
    | '/verwaltung/funktionspostfaecher'
    | '/verwaltung/funktionen'
    | '/verwaltung/token'
    | '/verwaltung/ziele'
    | '/verwaltung/buendel'
    | '/verwaltung/regeln'
    | '/verwaltung/eigene-ziele'
    | '/verwaltung/warum'
    | '/verwaltung/geraete'
    | '/verwaltung/sticks'
    | '/verwaltung/sitzungen'
    | '/verwaltung/protokoll'
    | '/verwaltung/einstellungen'
    | '/verwaltung/besprechungen'
    | '/verwaltung/besprechungsregeln'
    | '/verwaltung/webhooks';
  label: string;
  icon: string;
  roles: readonly Role[];
  /** Only where the house has this at all. */
  only?: Had;
};

export type SectionGroup = { label: string; sections: Section[] };

/** What not every house has. */
export type Had = 'meetings' | 'mail';

/** What the parts hang on: somebody's duties, and what the house has. */
export type Held = { roles: readonly Role[] } & Record<Had, boolean>;

const ADMINISTRATOR: readonly Role[] = ['administrator'];
const DESK: readonly Role[] = ['administrator', 'control_desk'];
const AUDITOR: readonly Role[] = ['administrator', 'data_protection'];

/** The administration's parts, grouped as the work is. */
export function allSections(): SectionGroup[] {
  return [
    {
      label: t`Betrieb`,
      sections: [
        {
          to: '/verwaltung',
          label: t`Überblick`,
          icon: icons.iconMonitorHeart,
          roles: ADMINISTRATOR,
        },
        { to: '/verwaltung/geraete', label: t`Geräte`, icon: icons.iconDevices, roles: DESK },
        { to: '/verwaltung/sticks', label: t`Sticks`, icon: icons.iconUsb, roles: DESK },
        { to: '/verwaltung/sitzungen', label: t`Sitzungen`, icon: icons.iconLink, roles: DESK },
        {
          to: '/verwaltung/protokoll',
          label: t`Prüfprotokoll`,
          icon: icons.iconHistory,
          roles: AUDITOR,
        },
        {
          to: '/verwaltung/einstellungen',
          label: t`Einstellungen`,
          icon: icons.iconSettings,
          roles: ADMINISTRATOR,
        },
      ],
    },
    {
      label: t`Menschen`,
      sections: [
        {
          to: '/verwaltung/personen',
          label: t`Personen`,
          icon: icons.iconPerson,
          roles: ADMINISTRATOR,
        },
        {
          to: '/verwaltung/gruppen',
          label: t`Gruppen`,
          icon: icons.iconGroups,
          roles: ADMINISTRATOR,
        },
        {
          to: '/verwaltung/verzeichnis',
          label: t`Verzeichnis`,
          icon: icons.iconHub,
          roles: ADMINISTRATOR,
        },
        {
          to: '/verwaltung/funktionspostfaecher',
          label: t`Funktionspostfächer`,
          icon: icons.iconMail,
          roles: ADMINISTRATOR,
          only: 'mail',
        },
        {
          to: '/verwaltung/funktionen',
          label: t`Funktionen der Post`,
          icon: icons.iconFactCheck,
          roles: ADMINISTRATOR,
          only: 'mail',
        },
        {
          to: '/verwaltung/token',
          label: t`Hardware-Token`,
          icon: icons.iconPin,
          roles: ADMINISTRATOR,
        },
      ],
    },
    {
      label: t`Ziele und Zugang`,
      sections: [
        { to: '/verwaltung/ziele', label: t`Ziele`, icon: icons.iconDns, roles: ADMINISTRATOR },
        {
          to: '/verwaltung/buendel',
          label: t`Bündel`,
          icon: icons.iconInventory2,
          roles: ADMINISTRATOR,
        },
        {
          to: '/verwaltung/eigene-ziele',
          label: t`Eigene Ziele`,
          icon: icons.iconComputer,
          roles: ADMINISTRATOR,
        },
        { to: '/verwaltung/regeln', label: t`Regeln`, icon: icons.iconRule, roles: ADMINISTRATOR },
        { to: '/verwaltung/warum', label: t`Warum?`, icon: icons.iconHelp, roles: ADMINISTRATOR },
      ],
    },
    {
      label: t`Besprechungen`,
      sections: [
        {
          to: '/verwaltung/besprechungen',
          label: t`Laufende Besprechungen`,
          icon: icons.iconVideocam,
          roles: ADMINISTRATOR,
          only: 'meetings',
        },
        {
          to: '/verwaltung/besprechungsregeln',
          label: t`Regeln für Besprechungen`,
          icon: icons.iconTune,
          roles: ADMINISTRATOR,
          only: 'meetings',
        },
        {
          to: '/verwaltung/webhooks',
          label: t`Webhooks`,
          icon: icons.iconSend,
          roles: ADMINISTRATOR,
          only: 'meetings',
        },
      ],
    },
  ];
}

/** The parts that somebody with these duties may use here; groups without one are left out. */
export function sectionsFor(held: Held): SectionGroup[] {
  return allSections()
    .map((group) => ({
      ...group,
      sections: group.sections.filter(
        ({ roles, only }) =>
          roles.some((role) => held.roles.includes(role)) && (only === undefined || held[only]),
      ),
    }))
    .filter((group) => group.sections.length > 0);
}

/** The part that an address belongs to. */
export function sectionAt(path: string): Section | undefined {
  const clean = path.replace(/\/+$/, '') || '/';
  return allSections()
    .flatMap((group) => group.sections)
    .filter(({ to }) => clean === to || (to !== '/verwaltung' && clean.startsWith(`${to}/`)))
    .at(0);
}
