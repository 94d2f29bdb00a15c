import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, must } from '../../../api/client.ts';
import { Loaded } from '../../../app/loaded.tsx';
import { showProblem } from '../../../app/problem-alert.tsx';
import { Button } from '../../../ui/button.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { TextField } from '../../../ui/fields.tsx';
import { Form, useForm } from '../../../ui/form.tsx';
import { announce } from '../../../ui/status.tsx';
import { movedFaults } from './faults.ts';
import {
  CONFERENCE,
  type Meeting,
  meetingQuery,
  type Options,
  type Room,
  type Summary,
} from './queries.ts';
import { minutesBetween, timeAfter } from './times.ts';
import { Told } from './told.tsx';

type MoveProps = { room: Room; options: Options; meeting: Summary; onClose: () => void };

/** Moves one date; the rest of a series stays. */
export function MoveDialog(props: MoveProps) {
  const meeting = useQuery(meetingQuery(props.meeting.id));
  return (
    <Dialog title={<Trans>Termin verschieben</Trans>} isOpen onClose={props.onClose}>
      <Loaded query={meeting}>{(data) => <MoveForm {...props} full={data} />}</Loaded>
    </Dialog>
  );
}

function MoveForm({ room, options, full, onClose }: MoveProps & { full: Meeting }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const [tell, setTell] = useState(true);
  const { id, starts, minutes, time_zone: zone, recurring } = full;
  const from = starts.slice(11, 16);
  const form = useForm({
    initial: { move_day: starts.slice(0, 10), move_from: from, move_to: timeAfter(from, minutes) },
    validate: (values) => ({
      ...(!values.move_day && { move_day: t`Wählen Sie einen Tag.` }),
      ...(!values.move_from && { move_from: t`Wann beginnt es?` }),
      ...(values.move_from &&
        minutesBetween(values.move_from, values.move_to) === null && {
          move_to: t`Wann endet es?`,
        }),
    }),
    submit: async ({ move_day, move_from, move_to }) => {
      try {
        const body = {
          version: full.version,
          starts: `${move_day}T${move_from.slice(0, 5)}`,
          minutes: minutesBetween(move_from, move_to) ?? minutes,
          quietly: !tell,
        };
        await must(api.PUT('/api/v1/conference/meetings/{id}', { params: { path: { id } }, body }));
        announce('success', t`Der Termin ist verschoben.`);
        onClose();
      } catch (error) {
        throw movedFaults(error);
      } finally {
        void client.invalidateQueries({ queryKey: CONFERENCE });
      }
    },
  });
  return (
    <Form
      form={form}
      failure={showProblem}
      actions={
        <>
          <Button onPress={onClose}>
            <Trans>Abbrechen</Trans>
          </Button>
          <Button type="submit" variant="primary" pending={form.pending}>
            <Trans>Termin verschieben</Trans>
          </Button>
        </>
      }
    >
      <p>
        {recurring ? (
          <Trans>
            Nur dieser Termin ändert sich; die anderen der Serie bleiben. Raumnummer, PIN und Link
            bleiben auch.
          </Trans>
        ) : (
          <Trans>Raumnummer, PIN und Link bleiben, wie sie sind.</Trans>
        )}
      </p>
      <TextField
        label={t`Tag`}
        type="date"
        hint={t`Nach der Uhr von ${zone}.`}
        {...form.field('move_day')}
      />
      <div className="fa-fields">
        <TextField label={t`Beginn`} type="time" {...form.field('move_from')} />
        <TextField label={t`Ende`} type="time" {...form.field('move_to')} />
      </div>
      <Told room={room} mail={options.mail} onChange={setTell} />
    </Form>
  );
}
