import { t } from '@lingui/core/macro';
import type { DeviceFault, DeviceKind } from '../meeting/media/devices.ts';

/** Why a camera or microphone cannot be used, and what to do now. */
export function deviceFaultText(kind: DeviceKind, fault: DeviceFault): [string, string] {
  const camera = kind === 'camera';
  switch (fault) {
    case 'denied':
      return [
        camera
          ? t`Der Browser gibt die Kamera nicht frei.`
          : t`Der Browser gibt das Mikrofon nicht frei.`,
        t`Erlauben Sie es über das Symbol vor der Adresse dieser Seite und schalten Sie dann noch einmal ein. Sie können auch so teilnehmen.`,
      ];
    case 'missing':
      return [
        camera ? t`Es ist keine Kamera angeschlossen.` : t`Es ist kein Mikrofon angeschlossen.`,
        camera
          ? t`Schließen Sie eine an, oder nehmen Sie ohne Bild teil: Sie sehen und hören die anderen trotzdem.`
          : t`Schließen Sie eines an, oder hören Sie zu und schreiben Sie im Chat.`,
      ];
    case 'busy':
      return [
        camera ? t`Die Kamera wird schon benutzt.` : t`Das Mikrofon wird schon benutzt.`,
        t`Beenden Sie das andere Programm, zum Beispiel eine zweite Besprechung, und schalten Sie dann noch einmal ein.`,
      ];
    case 'insecure':
      return [
        camera
          ? t`Unter dieser Adresse darf der Browser keine Kamera benutzen.`
          : t`Unter dieser Adresse darf der Browser kein Mikrofon benutzen.`,
        t`Öffnen Sie die Seite mit https. Zuhören und zusehen können Sie auch so.`,
      ];
    case 'blur':
      return [
        t`Die Kamera bleibt aus, weil sich der Hintergrund nicht unscharf machen lässt.`,
        t`Warum, steht bei den Geräten. Ohne Unschärfe können Sie die Kamera einschalten; dann ist zu sehen, was hinter Ihnen ist.`,
      ];
    case 'unknown':
      return [
        camera
          ? t`Die Kamera lässt sich nicht einschalten.`
          : t`Das Mikrofon lässt sich nicht einschalten.`,
        t`Stecken Sie das Gerät neu an oder wählen Sie ein anderes.`,
      ];
  }
}
