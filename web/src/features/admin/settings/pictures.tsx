import { t } from '@lingui/core/macro';
import { Trans, useLingui } from '@lingui/react/macro';
import type { Schema } from '../../../api/client.ts';
import type { Part } from '../../../app/merge.ts';
import { Checkbox } from '../../../ui/choices.tsx';
import { Card } from '../../../ui/page.tsx';

export type PictureValues = { pictures: boolean; pictures_unencrypted: boolean };

type PicturesCardProps = {
  values: PictureValues;
  onChange: (field: keyof PictureValues, on: boolean) => void;
};

/** The flow to the outside that fetches pictures of mail from the internet. */
export function PicturesCard({ values, onChange }: PicturesCardProps) {
  const { t } = useLingui();
  return (
    <Card
      title={<Trans>Bilder aus dem Internet in Mail</Trans>}
      lead={
        <Trans>
          Viele Nachrichten zeigen Bilder, die auf fremden Servern liegen. Wer sie lädt, verrät dem
          Absender, dass gelesen wurde. Dieser Datenfluss nach außen ist aus, bis Sie ihn
          einschalten.
        </Trans>
      }
    >
      <Checkbox
        label={t`Bilder auf Verlangen laden`}
        hint={t`Wer es bei einer Nachricht verlangt, bekommt sie dieses eine Mal. Dieser Server holt sie; der fremde sieht dessen Adresse und nicht die der Person. Das gilt erst, wenn in der Konfiguration des Servers die Netze des Hauses genannt sind.`}
        name="pictures"
        checked={values.pictures}
        onChange={(on) => onChange('pictures', on)}
      />
      <Checkbox
        label={t`Auch unverschlüsselt übertragene`}
        hint={t`Wer auf dem Weg mitliest, sieht dann, welche Bilder geladen werden.`}
        name="pictures_unencrypted"
        checked={values.pictures_unencrypted}
        onChange={(on) => onChange('pictures_unencrypted', on)}
      />
    </Card>
  );
}

export function pictureValuesOf({ pictures }: Schema<'Settings'>): PictureValues {
  return { pictures: pictures.enabled, pictures_unencrypted: pictures.unencrypted };
}

export function picturesOf(values: PictureValues): Schema<'PictureSettings'> {
  return { enabled: values.pictures, unencrypted: values.pictures_unencrypted };
}

/** What the settings say of it, in words. */
export function pictureParts<V extends PictureValues>(): Part<V>[] {
  return [
    {
      label: t`Bilder aus dem Internet in Mail`,
      fields: ['pictures'],
      text: ({ pictures }) => (pictures ? t`auf Verlangen` : t`nie`),
    },
    {
      label: t`Bilder, die unverschlüsselt kommen`,
      fields: ['pictures_unencrypted'],
      text: ({ pictures_unencrypted: on }) => (on ? t`erlaubt` : t`nicht erlaubt`),
    },
  ];
}
