import { PROTOCOL_IDS, PROTOCOLS, type ProtocolId } from '../../player/protocols.ts'

type ChooserProps = { protocol: ProtocolId; onChoose: (protocol: ProtocolId) => void }

export function ProtocolChooser({ protocol, onChoose }: ChooserProps) {
  return (
    <fieldset class="chooser">
      <legend>Watch over</legend>
      <div class="chooser-options">
        {PROTOCOL_IDS.map((id) => (
          <label key={id} title={PROTOCOLS[id].hint}>
            <input type="radio" name="protocol" value={id} checked={id === protocol} onChange={() => onChoose(id)} />
            <span>{PROTOCOLS[id].label}</span>
          </label>
        ))}
      </div>
      <p class="hint">{PROTOCOLS[protocol].hint}</p>
    </fieldset>
  )
}
