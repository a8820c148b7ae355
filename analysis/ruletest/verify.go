package ruletest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
)

// Verify reports everything that cannot be, whatever the capture and the
// rules: accounts that do not add up, transactions out of order, frames that
// the capture does not have or that belong to somebody else, findings that
// were refused because they cite nothing.
func (r *Result) Verify() error {
	var errs []error
	if n := r.Summary.FindingsRefused; n > 0 {
		errs = append(errs, fmt.Errorf("%d findings without evidence", n))
	}
	owners := newOwners(r.Connections)
	last := map[place]int{}
	for i := range r.Transactions {
		x := &r.Transactions[i]
		at := place{x.Source, x.Connection}
		if last[at]++; x.Index != last[at] {
			errs = append(errs, fmt.Errorf("%s: index follows %d", x.name(), last[at]-1))
		}
		errs = append(errs, x.adds(), r.owned(x, owners))
	}
	for _, f := range r.Findings {
		if err := r.sound(f, owners); err != nil {
			errs = append(errs, fmt.Errorf("%s %q: %w", f.Rule.Name, f.Message, err))
		}
	}
	return errors.Join(errs...)
}

func (x *Transaction) name() string {
	return fmt.Sprintf("connection %d transaction %d", x.Connection, x.Index)
}

// adds holds the account against the transaction: spans one behind the other
// from Start to End, and the sums by cause equal to theirs.
func (x *Transaction) adds() error {
	var sums timeline.Account
	at := x.Start.Time
	for _, s := range x.Spans {
		if s.From != at || s.To <= s.From {
			return fmt.Errorf("%s: span %v from %d to %d follows %d", x.name(), s.Cause, s.From, s.To, at)
		}
		sums[s.Cause] += s.To - s.From
		at = s.To
	}
	switch {
	case at != x.End.Time:
		return fmt.Errorf("%s: spans end %d ns before its end", x.name(), x.End.Time-at)
	case sums != x.Time:
		return fmt.Errorf("%s: time by cause %v, spans say %v", x.name(), x.Time, sums)
	case x.Time.Total() != x.Duration():
		return fmt.Errorf("%s: time %d ns of %d", x.name(), x.Time.Total(), x.Duration())
	}
	return nil
}

// owned reports marks of a transaction that are no packets of its connection.
// The time of End is not asked for: a transaction still open ends with the
// capture.
func (r *Result) owned(x *Transaction, owners owners) error {
	c := owners.byID[place{x.Source, x.Connection}]
	if c == nil {
		return fmt.Errorf("%s: no record of its connection", x.name())
	}
	var errs []error
	for _, m := range []struct {
		name  string
		frame capture.Frame
	}{{"start", x.Start}, {"request", x.Request}, {"request end", x.RequestEnd}, {"response", x.Response}, {"end", x.End}} {
		if m.frame.IsZero() && m.name != "start" && m.name != "end" {
			continue
		}
		p, ok := r.packets[placeOf(m.frame)]
		if !ok || owners.of(m.frame, p) != c || m.name != "end" && p.time != m.frame.Time {
			errs = append(errs, fmt.Errorf("%s: its %s, packet %d, is none of its connection's", x.name(), m.name, m.frame.Number()))
		}
	}
	return errors.Join(errs...)
}

// sound reports what is wrong with a finding in itself.
func (r *Result) sound(f *analysis.Finding, owners owners) error {
	var errs []error
	complain := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	cited := len(f.Evidence.Frames)
	complain(cited == 0 || cited > analysis.MaxEvidence, "%d packets cited", cited)
	complain(f.Confidence <= 0 || f.Confidence > 1, "confidence %v", f.Confidence)
	complain(f.Confidence < 1 && len(f.Reasons) == 0, "confidence %v without a reason", f.Confidence)
	complain(f.Count < 1, "count %d", f.Count)
	complain(f.Message == "" || strings.ContainsAny(f.Message, "\r\n"), "the message is no line")
	complain(f.Subject.From > f.Subject.To, "the subject ends before it starts")
	for _, cost := range [...]analysis.Cost{f.Lost, f.Saved} {
		complain(cost.Time < 0 || cost.RoundTrips < 0 || cost.Connections < 0, "a cost below zero: %+v", cost)
	}
	for _, id := range f.Subject.Connections {
		complain(owners.byID[place{f.Subject.Source, id}] == nil, "its subject %d is no connection", id)
	}
	for _, cite := range f.Evidence.Frames {
		p, ok := r.packets[placeOf(cite.Frame)]
		complain(!ok || p.time != cite.Frame.Time, "packet %d (%s) is not in the capture at that time", cite.Frame.Number(), cite.Role)
		complain(ok && !r.concerns(&f.Subject, cite.Frame, p, owners), "packet %d (%s) is not the subject's", cite.Frame.Number(), cite.Role)
		complain(cite.Role == "", "packet %d has no role", cite.Frame.Number())
	}
	return errors.Join(errs...)
}

// concerns reports whether a packet belongs to a connection of the subject. A
// pair, a path or a host has more connections than it names: of a path those
// between the proxy and the server behind it.
func (r *Result) concerns(s *analysis.Subject, f capture.Frame, p packet, owners owners) bool {
	if c := owners.of(f, p); c != nil && slices.Contains(s.Connections, c.First.Number()) && c.First.Source() == s.Source {
		return true
	}
	for _, ends := range [...][2]capture.Endpoint{p.ends, {p.ends[1], p.ends[0]}} {
		client, server := ends[0].Host(), ends[1]
		switch s.Kind {
		case analysis.OfPair, analysis.OfPath:
			if client == s.Client.Host() && server == s.Server {
				return true
			}
		case analysis.OfHost:
			if client == s.Client.Host() || server.Host() == s.Client.Host() {
				return true
			}
		}
	}
	return false
}
