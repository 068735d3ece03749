; The setup program for Windows. packaging/windows/make_setup.py writes build/windows/generated.iss and compiles this.
; For one user, without administrator rights. The library is elsewhere: neither setup nor uninstall touches it.

#include "..\..\build\windows\generated.iss"

[Setup]
; Must never change: later versions find this one by it.
AppId={{7C0E8E7B-3C5B-4C9E-9B0E-6E6F2A1C5D41}
AppName=Unbraid
AppVersion={#Version}
AppVerName=Unbraid {#Version}
AppPublisher=Unbraid
VersionInfoVersion={#Version}
DefaultDirName={localappdata}\Programs\Unbraid
DefaultGroupName=Unbraid
DisableProgramGroupPage=yes
DisableDirPage=auto
PrivilegesRequired=lowest
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
LicenseFile=..\..\LICENSE
SetupIconFile=..\..\build\windows\unbraid.ico
UninstallDisplayIcon={app}\unbraid.exe
UninstallDisplayName=Unbraid
OutputDir=..\..\dist
OutputBaseFilename=Unbraid-{#Version}-setup
Compression=lzma2/max
SolidCompression=yes
WizardStyle=modern
ChangesAssociations=yes
; Closes a running older version. Its songs in work continue from their finished segments in the new one.
CloseApplications=force
RestartApplications=no
#ifdef Sign
SignTool=unbraid
SignedUninstaller=yes
#endif

[Tasks]
Name: desktopicon; Description: "{cm:CreateDesktopIcon}"; GroupDescription: "{cm:AdditionalIcons}"; Flags: unchecked

[InstallDelete]
; Removes the files of an older version.
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "..\..\dist\unbraid\*"; DestDir: "{app}"; Flags: ignoreversion recursesubdirs createallsubdirs

[Icons]
Name: "{autoprograms}\Unbraid"; Filename: "{app}\unbraid.exe"
Name: "{autodesktop}\Unbraid"; Filename: "{app}\unbraid.exe"; Tasks: desktopicon

[Registry]
; "Open with": Unbraid is offered for the files that it can open, and changes no default program.
Root: HKA; Subkey: "Software\Classes\Applications\unbraid.exe"; ValueType: string; ValueName: "FriendlyAppName"; ValueData: "Unbraid"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\Applications\unbraid.exe\shell\open\command"; ValueType: string; ValueData: """{app}\unbraid.exe"" ""%1"""
Root: HKA; Subkey: "Software\Unbraid\Capabilities"; ValueType: string; ValueName: "ApplicationName"; ValueData: "Unbraid"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Unbraid\Capabilities"; ValueType: string; ValueName: "ApplicationDescription"; ValueData: "Separates songs into stems on your own computer."
Root: HKA; Subkey: "Software\Unbraid"; Flags: uninsdeletekeyifempty
Root: HKA; Subkey: "Software\RegisteredApplications"; ValueType: string; ValueName: "Unbraid"; ValueData: "Software\Unbraid\Capabilities"; Flags: uninsdeletevalue
#include "..\..\build\windows\file_types.iss"

[Run]
Filename: "{app}\unbraid.exe"; Description: "{cm:LaunchProgram,Unbraid}"; Flags: nowait postinstall skipifsilent

[Code]
const
  UninstallKey = 'Software\Microsoft\Windows\CurrentVersion\Uninstall\{7C0E8E7B-3C5B-4C9E-9B0E-6E6F2A1C5D41}_is1';

function IsNewerInstalled(var Installed: String): Boolean;
var
  Theirs, Ours: Int64;
begin
  Result := RegQueryStringValue(HKA, UninstallKey, 'DisplayVersion', Installed)
    and StrToVersion(Installed, Theirs) and StrToVersion('{#Version}', Ours)
    and (ComparePackedVersion(Theirs, Ours) > 0);
end;

function InitializeSetup: Boolean;
var
  Installed: String;
begin
  Result := not IsNewerInstalled(Installed);
  if not Result then
    SuppressibleMsgBox('Unbraid ' + Installed + ' is installed, which is newer than this version {#Version}. '
      + 'Its library cannot be opened by an older one. To go back all the same, uninstall it first.',
      mbCriticalError, MB_OK, IDOK);
end;

function IsInUse(const Name: String): Boolean;
var
  Stream: TFileStream;
begin
  Result := False;
  if FileExists(Name) then
    try
      Stream := TFileStream.Create(Name, fmOpenReadWrite or fmShareExclusive);
      Stream.Free;
    except
      Result := True;
    end;
end;

function InitializeUninstall: Boolean;
begin
  Result := True;
  while Result and IsInUse(ExpandConstant('{app}\unbraid.exe')) do
    Result := SuppressibleMsgBox('Unbraid is open. Close it, then go on.', mbError, MB_RETRYCANCEL, IDCANCEL) = IDRETRY;
end;
