import { Trans, useLingui } from '@lingui/react/macro';
import { Button } from '../../../ui/button.tsx';
import { icons } from '../../../ui/icon.tsx';

type PagesProps = { page: number; pageSize: number; total: number; onPage: (page: number) => void };

/** Leafs through a list that is not a table; nothing while one page holds it all. */
export function Pages({ page, pageSize, total, onPage }: PagesProps) {
  const { t } = useLingui();
  const pages = Math.ceil(total / pageSize);
  if (pages <= 1) return null;
  return (
    <nav className="fa-pager fa-noprint" aria-label={t`Seiten`}>
      <Button
        small
        icon={icons.iconChevronLeft}
        isDisabled={page <= 1}
        onPress={() => onPage(page - 1)}
      >
        <Trans>Vorige Seite</Trans>
      </Button>
      <span aria-live="polite">
        <Trans>
          Seite {page} von {pages}
        </Trans>
      </span>
      <Button
        small
        icon={icons.iconChevronRight}
        isDisabled={page >= pages}
        onPress={() => onPage(page + 1)}
      >
        <Trans>Nächste Seite</Trans>
      </Button>
    </nav>
  );
}
