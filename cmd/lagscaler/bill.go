package main

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/output"
	"github.com/lagscaler/lagscaler/internal/web"
	"github.com/lagscaler/lagscaler/scaler/number"
)

// billOptions are the flags of bill.
type billOptions struct {
	daemon place
	by     choice
	search string
	output choice
}

func newBill() *cobra.Command {
	o := billOptions{}
	cmd := &cobra.Command{
		Use:     "bill",
		Short:   "Print what the consumers of all scalers took in the last day and week",
		Long:    billLong,
		Example: "  lagscaler bill --server http://localhost:9090\n  lagscaler bill --by scaler --search shop",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	cmd.Flags().StringVarP(&o.daemon.server, "server", "s", "http://localhost:9090", "read from the running daemon at `URL`")
	o.flags(cmd)
	return cmd
}

const billLong = `Prints, for each namespace and owner, the replica hours that the targets of all scalers took in the last day and week, what they
would have taken otherwise, how many records were late, and how many objectives were kept. With bill.replicaHour in the
configuration of the daemon it prints money. It asks a running daemon; docs/bill.md says how it counts.`

func newPluginBill(k *kubectl) *cobra.Command {
	o := billOptions{daemon: place{kubectl: k}}
	cmd := &cobra.Command{
		Use:     "bill",
		Short:   "Print what the consumers of all scalers took in the last day and week",
		Long:    billLong,
		Example: "  kubectl lagscaler bill\n  kubectl lagscaler bill --by scaler --search shop",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	o.flags(cmd)
	return cmd
}

func (o *billOptions) flags(cmd *cobra.Command) {
	o.by = choice{value: "namespace", of: []string{"namespace", "scaler"}}
	o.output = choice{value: "table", of: []string{"table", "json"}}
	cmd.Flags().Var(&o.by, "by", "what a row is: namespace (of one owner) or scaler")
	cmd.Flags().StringVar(&o.search, "search", "", "only scalers whose name, namespace or owner contains every `WORD`")
	cmd.Flags().VarP(&o.output, "output", "o", "table or json")
}

func (o *billOptions) run(cmd *cobra.Command) error {
	var page web.BillPage
	query := url.Values{"by": {o.by.value}, "page": {"all"}}
	if o.search != "" {
		query.Set("q", o.search)
	}
	if err := o.daemon.ask(cmd.Context(), "/api/v1/bill", query, &page); err != nil {
		return err
	}
	if o.output.value == "json" {
		return output.JSON(cmd.OutOrStdout(), page, true)
	}
	if len(page.Rows) == 0 {
		if o.search != "" {
			return fmt.Errorf("no scaler matches %q", o.search)
		}
		return errors.New("there are no scalers that are decided: none is declared, or all of them observe")
	}
	return printBill(cmd.OutOrStdout(), &page)
}

// printBill prints a table of the week and one of the day.
func printBill(w io.Writer, page *web.BillPage) error {
	unit := "REPLICA HOURS"
	if page.ReplicaHour != nil {
		unit = "COST"
	}
	for i, span := range []struct {
		title string
		of    func(*web.BillRow) *web.BillSpan
	}{
		{"The last 7 days", func(r *web.BillRow) *web.BillSpan { return &r.Week }},
		{"The last 24 hours", func(r *web.BillRow) *web.BillSpan { return &r.Day }},
	} {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s\n", span.title)
		head := []string{"NAMESPACE", "OWNER", "SCALERS"}
		if page.By == "scaler" {
			head = []string{"SCALER", "OWNER"}
		}
		g := output.NewTable(w, append(head, "KNOWN", unit, "DECIDED", "AT PEAK", "BEFORE", "LATE", "ON TIME", "PROMISES")...)
		for i := range page.Rows {
			r := &page.Rows[i]
			g.Row(billRow(page, r, span.of(r), billNames(page, r))...)
		}
		if len(page.Rows) > 1 {
			all := page.All
			all.Namespace, all.Scaler = "all", "all"
			g.Row(billRow(page, &all, span.of(&all), billNames(page, &all))...)
		}
		if err := g.Flush(); err != nil {
			return err
		}
	}
	if !page.Leader {
		fmt.Fprint(w, "\nThe replica that answered does not lead: it knows only what it has seen itself. Ask again, or ask the leader: its pod is the holder of the Lease.\n")
	}
	_, err := fmt.Fprint(w, billLegend)
	return err
}

const billLegend = `
OWNER          the labels that say whose the targets are; none, if nobody says
SCALERS        how many scalers the row adds up
REPLICA HOURS  replicas multiplied by the hours that they ran; with a price of an hour: COST
KNOWN          the hours that are known; the numbers are of these hours alone
DECIDED        what lagscaler decided: in advise it is what it would have taken
AT PEAK        if the targets had always stood at the greatest size of the time
BEFORE         with the size before lagscaler, and what another autoscaler really held while lagscaler advised; "of N" of so many scalers
LATE           records that were processed later than the target lag
ON TIME        the share of the other records: all of them are 100 %
PROMISES       objectives that were kept
-              unknown
`

func billNames(page *web.BillPage, r *web.BillRow) []string {
	if page.By == "scaler" {
		return []string{r.Scaler, r.Labels.String()}
	}
	return []string{r.Namespace, r.Labels.String(), number.Whole(r.Scalers)}
}

func billRow(page *web.BillPage, r *web.BillRow, s *web.BillSpan, names []string) []string {
	ran, ours, atPeak, before := s.Amounts()
	amounts := alike(page.Currency, ran, ours, atPeak, before)
	compared := amounts[3]
	if of := s.BeforeOf(r.Scalers); of != "" {
		compared += " (" + of + ")"
	}
	onTime := ""
	if s.OnTime != nil {
		onTime = number.Kept(*s.OnTime / 100)
	}
	return append(names, s.Known(), amounts[0], amounts[1], amounts[2], compared,
		web.Amount(s.Late, ""), onTime, s.Kept())
}

// alike are the amounts of a row, in replica hours all with as many decimals as the one with most: they are there to be compared.
//
//	alone    9.4  28    36    60
//	alike    9.4  28.0  36.0  60.0
func alike(currency string, amounts ...*float64) []string {
	texts, decimals := make([]string, len(amounts)), 0
	for i, v := range amounts {
		texts[i] = web.Amount(v, currency)
		_, after, _ := strings.Cut(texts[i], ".")
		decimals = max(decimals, len(after))
	}
	if currency != "" || decimals == 0 {
		return texts
	}
	for i, v := range amounts {
		if v != nil {
			texts[i] = number.Fixed(*v, decimals)
		}
	}
	return texts
}
