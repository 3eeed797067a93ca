package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/dashboards"
)

func newDashboards() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dashboards",
		Short: "Export or push Grafana dashboards",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			return wrong{errors.New("a command is required: export or push")}
		},
	}
	cmd.AddCommand(newDashboardsExport(), newDashboardsPush())
	return cmd
}

func newDashboardsExport() *cobra.Command {
	var dir, page string
	cmd := &cobra.Command{
		Use:     "export",
		Short:   "Write the dashboards to files, for provisioning or import",
		Example: `  lagscaler dashboards export --dir /var/lib/grafana/dashboards`,
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return exportDashboards(cmd.OutOrStdout(), dir, page) },
	}
	cmd.Flags().StringVar(&dir, "dir", ".", "directory for the files; it is created if it does not exist")
	addPage(cmd, &page)
	return cmd
}

// addPage adds the flag of the address of lagscaler's own pages.
func addPage(cmd *cobra.Command, page *string) {
	cmd.Flags().StringVar(page, "page", dashboards.DefaultPage, "address of lagscaler's own pages, to which the rows of tables link")
}

// linkedDashboards are all dashboards, with links to lagscaler's own pages at an address.
func linkedDashboards(page string) ([]dashboards.Dashboard, error) {
	all, err := dashboards.All()
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i], err = all[i].Linked(page); err != nil {
			return nil, wrong{err}
		}
	}
	return all, nil
}

func exportDashboards(out io.Writer, dir, page string) error {
	all, err := linkedDashboards(page)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	for _, d := range all {
		path := filepath.Join(dir, d.File())
		if err := os.WriteFile(path, d.JSON, 0o644); err != nil {
			return fmt.Errorf("writing a dashboard: %w", err)
		}
		if _, err := fmt.Fprintf(out, "%s  %s\n", path, d.Title); err != nil {
			return err
		}
	}
	return nil
}

// pushOptions are the flags of dashboards push.
type pushOptions struct {
	dashboards.Grafana
	tokenFile string
	page      string
}

func newDashboardsPush() *cobra.Command {
	var o pushOptions
	cmd := &cobra.Command{
		Use:   "push",
		Short: "Create or update the dashboards in a Grafana",
		Long: `Creates and updates the dashboards of lagscaler with the HTTP API of Grafana. A dashboard is identified by its uid. A
dashboard with the same uid or title that is not from lagscaler is not changed. A second push changes nothing. --dry-run
shows what a push would change.

The token of a service account (role Editor) is read from --token-file or from the environment variable
LAGSCALER_GRAFANA_TOKEN; the password of a user from LAGSCALER_GRAFANA_PASSWORD.`,
		Example: `  LAGSCALER_GRAFANA_TOKEN=glsa_… lagscaler dashboards push --url https://grafana.example --folder kafka --dry-run`,
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	f := cmd.Flags()
	f.StringVar(&o.URL, "url", os.Getenv("LAGSCALER_GRAFANA_URL"), "address of Grafana, with its path (default: LAGSCALER_GRAFANA_URL)")
	f.StringVar(&o.tokenFile, "token-file", "", "file with the token of a service account")
	f.StringVar(&o.User, "user", "", "user name, instead of a token")
	f.StringVar(&o.Folder, "folder", "", "uid of the folder (default: the present folder of a dashboard; General for a new one)")
	f.DurationVar(&o.Timeout, "timeout", 30*time.Second, "timeout of one request")
	f.BoolVar(&o.DryRun, "dry-run", false, "show what would change, but change nothing")
	addPage(cmd, &o.page)
	return cmd
}

func (o *pushOptions) run(ctx context.Context, out io.Writer) error {
	if o.URL == "" {
		return wrong{errors.New("the address of Grafana is missing: give --url or set LAGSCALER_GRAFANA_URL")}
	}
	if err := o.credentials(); err != nil {
		return wrong{err}
	}
	all, err := linkedDashboards(o.page)
	if err != nil {
		return err
	}
	results, err := o.Push(ctx, all)
	for _, r := range results {
		if _, err := fmt.Fprintln(out, o.line(r)); err != nil {
			return err
		}
	}
	return err
}

func (o *pushOptions) credentials() error {
	switch {
	case o.User != "":
		o.Password = os.Getenv("LAGSCALER_GRAFANA_PASSWORD")
	case o.tokenFile != "":
		text, err := os.ReadFile(o.tokenFile)
		if err != nil {
			return fmt.Errorf("reading the token: %w", err)
		}
		o.Token = strings.TrimSpace(string(text))
	default:
		o.Token = os.Getenv("LAGSCALER_GRAFANA_TOKEN")
	}
	return nil
}

// line is the result for a dashboard; with --dry-run, the result that a push would have.
func (o *pushOptions) line(r dashboards.Result) string {
	said := string(r.Action)
	if o.DryRun && (r.Action == dashboards.Created || r.Action == dashboards.Updated) {
		said = "would be " + said
	}
	line := fmt.Sprintf("%-20s %s", r.Dashboard.UID, said)
	if len(r.Changes) > 0 {
		line += ": " + strings.Join(r.Changes, ", ")
	}
	return line
}
