import { t } from '@lingui/core/macro';
import { registerProblems } from '../../../api/problem-text.ts';

registerProblems({
  entry_refused: () => ({
    what: t`Mit diesen Angaben öffnet sich keine Besprechung.`,
    next: t`Prüfen Sie Raumnummer und PIN. Beide gelten nur rund um den Termin und für jeden Termin neu; die richtigen stehen in der letzten Einladung.`,
  }),
  // What the page itself makes of a refusal where nobody typed anything.
  link_refused: () => ({
    what: t`Dieser Link öffnet keine Besprechung.`,
    next: t`Vielleicht ist die Besprechung vorbei, der Link unvollständig, oder es gibt eine neuere Einladung. Öffnen Sie ihn noch einmal aus der Einladung, oder geben Sie Raumnummer und PIN ein.`,
  }),
  meeting_not_yet: () => ({
    what: t`Die Besprechung hat noch nicht begonnen.`,
    next: t`Versuchen Sie es kurz vor der Uhrzeit, die in der Einladung steht.`,
  }),
  meeting_over: () => ({
    what: t`Diese Besprechung ist vorbei.`,
    next: t`Der Link gilt nur für diesen einen Termin. Für einen neuen bekommen Sie eine neue Einladung.`,
  }),
  no_meeting_now: () => ({
    what: t`In diesem Raum läuft gerade keine Besprechung.`,
    next: t`Kommen Sie kurz vor dem Termin wieder. Einen persönlichen Raum öffnet, wem er gehört.`,
  }),
  sign_in_needed: () => ({
    what: t`An dieser Besprechung nimmt nur teil, wer angemeldet ist.`,
    next: t`Melden Sie sich an; danach geht es hier weiter. Ohne Konto wenden Sie sich an die Person, die eingeladen hat.`,
  }),
  proof_needed: () => ({
    what: t`Gerade versuchen sehr viele, hier hereinzukommen.`,
    next: t`Ihr Browser muss dafür eine kleine Rechenaufgabe lösen. Versuchen Sie es noch einmal, oder nehmen Sie den Link aus der Einladung.`,
  }),
});
