import { type FormEvent, useId, useState } from "react"
import type { AgentRequest, QuestionReply } from "../api/types.ts"
import { Button } from "../design/Button.tsx"
import { Icon } from "../design/Icon.tsx"
import { answered, answersOf, choose, NOTHING_PICKED, type Picked, write } from "./answers.ts"
import type { CardProps } from "./card-props.ts"

type Question = NonNullable<AgentRequest["body"]["questions"]>[number]

interface QuestionCardProps extends CardProps {
  readonly onAnswer: (reply: QuestionReply) => void
}

/** Questions of the agent, with its options and room for own words. */
export function QuestionCard({ request, place, busy, error, onAnswer }: QuestionCardProps) {
  const questions = request.body.questions ?? []
  const [picked, setPicked] = useState<readonly Picked[]>(() => questions.map(() => NOTHING_PICKED))
  const id = useId()
  function submit(event: FormEvent) {
    event.preventDefault()
    onAnswer({ answers: answersOf(picked) })
  }
  return (
    <form className="request-card" aria-labelledby={id} onSubmit={submit}>
      <h2 id={id}>
        <Icon name="help" /> The agent asks
        {place !== "" && <span className="muted numbers">{place}</span>}
      </h2>
      {questions.map((question, index) => (
        <Choices
          key={question.question}
          question={question}
          picked={picked[index] ?? NOTHING_PICKED}
          onPick={(next) => setPicked((before) => before.with(index, next))}
        />
      ))}
      {error !== null && (
        <p className="field-error" role="alert">
          {error}
        </p>
      )}
      <div className="request-actions">
        <Button type="submit" kind="primary" busy={busy} disabled={!answered(picked)}>
          Answer
        </Button>
        <Button kind="quiet" disabled={busy} onClick={() => onAnswer({ rejected: true })}>
          Do not answer
        </Button>
      </div>
    </form>
  )
}

interface ChoicesProps {
  readonly question: Question
  readonly picked: Picked
  readonly onPick: (picked: Picked) => void
}

function Choices({ question, picked, onPick }: ChoicesProps) {
  const name = useId()
  return (
    <fieldset className="choices">
      <legend dir="auto">{question.question}</legend>
      {question.options.map(({ label, description }) => (
        <label key={label} className="choice">
          <input
            type={question.multiple ? "checkbox" : "radio"}
            name={name}
            checked={picked.labels.includes(label)}
            onChange={() => onPick(choose(picked, label, question.multiple))}
          />
          <span>
            <strong>{label}</strong>
            {description !== "" && description !== label && <span className="muted"> {description}</span>}
          </span>
        </label>
      ))}
      <input
        className="input"
        aria-label={`Own answer: ${question.question}`}
        placeholder="Or in your own words"
        maxLength={10_000}
        value={picked.words}
        onChange={(event) => onPick(write(picked, event.target.value, question.multiple))}
      />
    </fieldset>
  )
}
