import { Trans, useLingui } from '@lingui/react/macro';
import { useMutation } from '@tanstack/react-query';
import { api, must, type Schema } from '../../../api/client.ts';
import { problemText } from '../../../api/problem-text.ts';
import { Button } from '../../../ui/button.tsx';
import { icons } from '../../../ui/icon.tsx';
import { saveFile } from '../../../ui/save-file.ts';
import { announce } from '../../../ui/status.tsx';

type Stick = Pick<Schema<'Stick'>, 'id' | 'person_name'>;

/** What no file system takes in a name. */
const NOT_IN_NAMES = /[\\/:*?"<>|]+/g;
const ZIP = 'application/zip';

/** Fetches packages and hands them to the browser. They hold no secret. */
export function usePackages() {
  const { t } = useLingui();
  return useMutation({
    mutationFn: async (sticks: readonly Stick[]) => {
      const [first] = sticks;
      if (!first) return;
      if (sticks.length === 1) {
        const path = { id: first.id };
        const zip = await must(
          api.GET('/api/v1/admin/sticks/{id}/package', { params: { path }, parseAs: 'blob' }),
        );
        const person = first.person_name.replaceAll(NOT_IN_NAMES, '_');
        saveFile(t`Stick ${person}.zip`, zip, ZIP);
        return;
      }
      const body = { sticks: sticks.map(({ id }) => id) };
      const zip = await must(api.POST('/api/v1/admin/sticks/packages', { body, parseAs: 'blob' }));
      saveFile(t`Sticks.zip`, zip, ZIP);
    },
    onError: (error) => {
      const { what, next } = problemText(error);
      announce('danger', what, next);
    },
  });
}

type PackageButtonProps = { stick: Stick; small?: boolean };

/** One stick's package, to unpack onto the USB stick. */
export function PackageButton({ stick, small = false }: PackageButtonProps) {
  const { t } = useLingui();
  const packages = usePackages();
  return (
    <Button
      small={small}
      icon={icons.iconDownload}
      pending={packages.isPending}
      aria-label={t`Paket herunterladen: ${stick.person_name}`}
      onPress={() => packages.mutate([stick])}
    >
      <Trans>Paket herunterladen</Trans>
    </Button>
  );
}
