import { t } from '@lingui/core/macro';

/** What a target's picture shows, in a word. */
export function iconName(icon: string): string {
  const names: Record<string, string> = {
    desktop: t`Bildschirm`,
    terminal: t`Konsole`,
    web: t`Weltkugel`,
    service: t`Netz`,
    database: t`Datenbank`,
    server: t`Server`,
    documents: t`Dokument`,
    archive: t`Archiv`,
    finance: t`Geld`,
    receipt: t`Beleg`,
    people: t`Menschen`,
    family: t`Familie`,
    health: t`Gesundheit`,
    law: t`Recht`,
    building: t`Gebäude`,
    office: t`Amt`,
    map: t`Karte`,
    mail: t`Post`,
    calendar: t`Kalender`,
    chat: t`Gespräch`,
    phone: t`Telefon`,
    school: t`Schule`,
    business: t`Aktentasche`,
    print: t`Drucker`,
    code: t`Programm`,
    tools: t`Zahnrad`,
  };
  return names[icon] ?? icon;
}
