import { CopyField } from '../../ui/copy-field.tsx'
import { useRtmpBase } from '../../ui/use-addresses.ts'

/** How to send a stream here, ready to copy. */
export function PublishGuide() {
  const rtmp = useRtmpBase()
  return (
    <div class="guide">
      <section>
        <h3>ffmpeg</h3>
        <p>A file, at the speed it plays:</p>
        <CopyField
          label="ffmpeg command"
          shape="block"
          text={`ffmpeg -re -stream_loop -1 -i video.mp4 -c copy -f flv ${rtmp}/live/demo`}
        />
      </section>
      <section>
        <h3>OBS Studio</h3>
        <p>
          Settings → Stream → Service <em>Custom…</em>
        </p>
        <CopyField label="Server" text={`${rtmp}/live`} />
        <CopyField label="Stream key" text="demo" />
      </section>
      <p class="hint">
        Without a <code>publishKey</code> in the configuration only the server's own machine may publish. With one, add{' '}
        <code class="nowrap">?key=…</code> to the address or the stream key.
      </p>
    </div>
  )
}
