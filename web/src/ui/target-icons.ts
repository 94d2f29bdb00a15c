import * as icons from './icons/index.ts';

/** The pictures a target can carry, by the name the API stores. */
export const targetIcons: Readonly<Record<string, string>> = {
  desktop: icons.iconDesktopWindows,
  terminal: icons.iconTerminal,
  web: icons.iconPublic,
  service: icons.iconLan,
  database: icons.iconDatabase,
  server: icons.iconDns,
  documents: icons.iconDescription,
  archive: icons.iconInventory2,
  finance: icons.iconPayments,
  receipt: icons.iconReceiptLong,
  people: icons.iconGroups,
  family: icons.iconFamilyRestroom,
  health: icons.iconHealthAndSafety,
  law: icons.iconGavel,
  building: icons.iconLocationCity,
  office: icons.iconAccountBalance,
  map: icons.iconMap,
  mail: icons.iconMail,
  calendar: icons.iconEvent,
  chat: icons.iconForum,
  phone: icons.iconCall,
  school: icons.iconSchool,
  business: icons.iconBusinessCenter,
  print: icons.iconPrint,
  code: icons.iconCode,
  tools: icons.iconSettings,
};

const byKind: Readonly<Record<string, string>> = {
  rdp: icons.iconDesktopWindows,
  ssh: icons.iconTerminal,
  tcp: icons.iconLan,
  web: icons.iconPublic,
};

/** A target's picture: the chosen one, else that of its kind. */
export function targetIcon(icon: string, kind: string): string {
  return targetIcons[icon] ?? byKind[kind] ?? icons.iconApps;
}
