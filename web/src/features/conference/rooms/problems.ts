import { t } from '@lingui/core/macro';
import { registerFieldFaults, registerProblems } from '../../../api/problem-text.ts';

registerProblems({
  not_yours_to_create: () => ({
    what: t`Räume dieser Art dürfen Sie nicht anlegen.`,
    next: t`Fragen Sie die Administration, wer das darf.`,
  }),
  not_owner: () => ({
    what: t`Diesen Raum kann nur entfernen, wem er gehört.`,
    next: t`Bitten Sie die Person, die ihn angelegt hat.`,
  }),
  not_moderating: () => ({
    what: t`Das darf nur, wer diese Besprechung leitet.`,
    next: t`Bitten Sie eine der Personen, die sie leiten.`,
  }),
  not_personal: () => ({
    what: t`Diesen Raum öffnet niemand von Hand.`,
    next: t`Seine Besprechungen beginnen von selbst zu ihrer Zeit.`,
  }),
  not_booked: () => ({
    what: t`Ein persönlicher Raum hat keinen Termin, den man absagen könnte.`,
    next: t`Beenden Sie stattdessen die laufende Besprechung.`,
  }),
  meeting_running: () => ({
    what: t`Diese Besprechung läuft gerade.`,
    next: t`Beenden Sie sie, statt sie abzusagen.`,
  }),
  not_seated: () => ({
    what: t`Sie sind gerade nicht in dieser Besprechung.`,
    next: t`Treten Sie ihr bei, und versuchen Sie es dann noch einmal.`,
  }),
  meeting_not_running: () => ({
    what: t`In dieser Besprechung ist gerade niemand.`,
    next: t`Versuchen Sie es, sobald sie begonnen hat.`,
  }),
  meeting_busy: () => ({
    what: t`Die Besprechung hat nicht geantwortet.`,
    next: t`Versuchen Sie es gleich noch einmal.`,
  }),
  too_many_running: () => ({
    what: t`Es laufen schon so viele Besprechungen, wie zugleich erlaubt sind.`,
    next: t`Versuchen Sie es, sobald eine davon zu Ende ist.`,
  }),
});

registerFieldFaults({
  past: () => t`Dieser Zeitpunkt ist schon vorbei.`,
  out_of_range: ({ least, most }) =>
    least && most
      ? t`Möglich ist alles zwischen ${least} und ${most}.`
      : t`Diese Zahl liegt außerhalb der Grenzen.`,
  too_far: () => t`So weit im Voraus lässt sich nichts buchen.`,
  no_such_time: () =>
    t`An diesem Tag werden die Uhren vorgestellt: Diese Uhrzeit gibt es dann nicht.`,
  first_day_missing: () => t`Der Wochentag des ersten Termins muss dabei sein.`,
  before_first: () => t`Der letzte Tag liegt vor dem ersten Termin.`,
  nothing_left: () => t`So bliebe kein Termin übrig.`,
  too_many: () => t`Das sind zu viele. Nehmen Sie einige heraus.`,
  not_here: () => t`Ein persönlicher Raum hat keinen Termin.`,
  twice: () => t`ist schon eingeladen.`,
  owner: () => t`hat den Raum angelegt und ist ohnehin dabei.`,
  not_an_address: () => t`Das ist keine E-Mail-Adresse.`,
  not_for_people: () => t`Diese Rolle gibt es für Personen des Hauses nicht.`,
  not_for_guests: () => t`Wer von außerhalb kommt, ist Gast oder hört zu.`,
});
