package analysis

import (
	"fmt"
	"math"
	"strconv"
)

// Bounds of what a parameter may be set to. They keep a rule's arithmetic
// away from overflow; nobody has a use for more.
const (
	longest = 30 * 24 * 3600 // seconds: captures seldom last longer than a month
	most    = 1e12           // of anything that is counted
)

// Range is what the parameter may be set to, in its unit: nothing that is
// measured is less than 0, of a ratio 1 is the whole, and it takes one event
// to speak of. A count whose default is 0 has a meaning for it.
func (p *Param) Range() (low, high float64) {
	high = most
	switch p.Unit {
	case "ratio":
		high = 1
	case "ms":
		high = longest * 1e3
	case "s":
		high = longest
	case "count":
		low = min(1, p.Default)
	}
	if p.Min > 0 {
		low = p.Min
	}
	if p.Max > 0 {
		high = p.Max
	}
	return low, high
}

// Check refuses a value outside of the range, with the range in the error.
func (p *Param) Check(v float64) error {
	low, high := p.Range()
	if v >= low && v <= high && !math.IsNaN(v) {
		return nil
	}
	return fmt.Errorf("%s is out of range: %s goes from %s to %s", plain(v, p.Unit), p.Name, plain(low, ""), plain(high, p.Unit))
}

// plain is a number without an exponent and with its unit.
func plain(v float64, unit string) string {
	s := strconv.FormatFloat(v, 'f', -1, 64)
	switch unit {
	case "", "ratio", "count":
		return s
	}
	return s + " " + unit
}

// Param is the rule's parameter of that name; nil if it has none.
func (r *Rule) Param(name string) *Param {
	for i := range r.Params {
		if r.Params[i].Name == name {
			return &r.Params[i]
		}
	}
	return nil
}
